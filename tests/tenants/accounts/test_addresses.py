"""Whose an address is: confirmed, refused, joined to an account, or late."""

import itertools
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.access.models import Member
from tenants.accounts import authentication, jobs, proofs, service
from tenants.accounts import service_addresses as addresses
from tenants.accounts.models import Account, Membership, Proof
from tenants.api_keys import authentication as key_memory
from tests.tenants.accounts.mails import OWN, account, csrf, follow, links, log_in, sign_up, subjects, told

pytestmark = pytest.mark.usefixtures("unlimited")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch, runtime):
    """Ask the database every time, and begin with an empty inbox."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()
    for path in runtime.mailer.inbox._paths():
        path.unlink()


async def test_the_link_confirms_the_address_in_the_same_browser(stranger, runtime, drain):
    await sign_up(stranger, "nora@nova.test")
    await drain()
    [path] = links(runtime, "nora@nova.test")
    assert "Confirm it" not in (await stranger.get(path)).text
    answer = await follow(stranger, path)
    assert answer.headers["location"] == "/"
    nora = await account(runtime, "nora@nova.test")
    assert nora.verified_at is not None
    assert await told(runtime, "account.verified") == 1
    assert "Confirm your e-mail address" not in (await stranger.get("/w/nova/")).text
    assert (await stranger.get(path)).status_code == 404


async def test_another_browser_is_asked_for_the_password(stranger, runtime, drain):
    await sign_up(stranger, "nora@nova.test")
    await drain()
    [path] = links(runtime, "nora@nova.test")
    stranger.cookies.clear()
    page = await stranger.get(path)
    assert "The password you signed up with" in page.text
    wrong = await follow(stranger, path, password="not the password")
    assert wrong.status_code == 422
    assert "not the password you signed up with" in wrong.text
    right = await follow(stranger, path, password=OWN)
    assert right.status_code == 303
    assert (await stranger.get("/w/nova/")).status_code == 200


async def test_who_signed_up_with_a_strangers_address_is_not_handed_his_account(stranger, runtime, drain):
    await sign_up(stranger, "victim@nova.test")
    thief = dict(stranger.cookies)
    await drain()
    [path] = links(runtime, "victim@nova.test")
    stranger.cookies.clear()
    refused = await follow(stranger, path, act="refuse")
    assert refused.headers["location"] == "/login"
    assert (await stranger.get(path)).status_code == 404
    assert (await log_in(stranger, "victim@nova.test", OWN)).status_code == 422
    stranger.cookies.clear()
    stranger.cookies.update(thief)
    assert (await stranger.get("/w/nova/")).status_code == 303
    assert await account(runtime, "victim@nova.test") is None
    assert await told(runtime, "account.refused") == 1


async def test_a_workspace_joins_the_account_that_the_address_has(stranger, ann, runtime, drain):
    await sign_up(stranger, "ann@acme.test")
    await drain()
    [path] = links(runtime, "ann@acme.test")
    assert "Sign in to it" in (await stranger.get(path)).text
    assert (await stranger.post(path, data={"_csrf": await csrf(stranger, "/w/nova/")})).status_code == 403
    assert ann.w() in (await ann.page.get("/")).headers["location"]
    answer = await follow(ann.page, path)
    assert answer.status_code == 303
    assert (await ann.page.get("/w/nova/")).status_code == 200
    assert (await stranger.get("/w/nova/")).status_code == 303
    assert await account(runtime, "ann@acme.test", claims=True) is None
    await drain()
    tenant = await runtime.directory.by_slug("nova")
    async with runtime.open(tenant) as ctx:
        assert (await ctx.session.scalars(select(Member.account_id))).all() == [ann.account_id]


async def test_a_workspace_that_the_account_opens_already_stays_with_the_claim(ann, stranger, runtime, drain):
    await sign_up(stranger, "ann@acme.test")
    await drain()
    claim = await account(runtime, "ann@acme.test", claims=True)
    tenant = await runtime.directory.by_slug("nova")
    async with runtime.control() as control:
        await service.join(control, ann.account_id, tenant.id, ann.member_id)
    assert (await follow(ann.page, links(runtime, "ann@acme.test")[0])).status_code == 303
    async with runtime.control() as control:
        kept = select(Membership.tenant_id).where(Membership.account_id == claim.id)
        assert (await control.session.scalars(kept)).all() == [tenant.id]


async def test_a_link_of_a_claim_that_was_confirmed_does_nothing_more(stranger, runtime, drain):
    await sign_up(stranger, "nora@nova.test")
    token = await csrf(stranger, "/w/nova/")
    await stranger.post("/verification", data={"_csrf": token})
    await drain()
    second, first = links(runtime, "nora@nova.test")
    await follow(stranger, first)
    assert (await follow(stranger, second)).status_code == 303
    assert await told(runtime, "account.verified") == 1
    await stranger.post("/verification", data={"_csrf": token})
    await drain()
    assert len(links(runtime, "nora@nova.test")) == 2


async def test_a_second_link_of_a_claim_that_was_confirmed_lets_nobody_in(stranger, runtime, drain):
    await sign_up(stranger, "nora@nova.test", slug="second")
    await stranger.post("/verification", data={"_csrf": await csrf(stranger, "/w/second/")})
    await drain()
    second, first = links(runtime, "nora@nova.test")
    await follow(stranger, first)
    stranger.cookies.clear()
    assert "Sign in to it" in (await stranger.get(second)).text
    assert (await stranger.post(second)).status_code == 403
    assert (await stranger.get("/w/second/")).status_code == 303


async def test_a_link_that_went_to_a_claims_former_address_confirms_no_other(stranger, runtime, drain):
    await sign_up(stranger, "thief@evil.test", slug="moved")
    token = await csrf(stranger, "/w/moved/")
    await stranger.post("/forgot", data={"email": "thief@evil.test", "_csrf": token})
    await drain()
    found = links(runtime, "thief@evil.test")
    moved = await stranger.post("/email", data={"email": "victim@nova.test", "current": OWN, "_csrf": token})
    assert moved.headers["location"] == "/email?sent=1"
    stranger.cookies.clear()
    for path, data in itertools.product(found, ({"new": "another password of mine"}, {"password": OWN})):
        assert (await stranger.post(path, data=data)).status_code in {400, 404}
    assert await account(runtime, "victim@nova.test") is None
    assert (await account(runtime, "victim@nova.test", claims=True)).verified_at is None


async def test_after_seven_days_one_reads_and_nothing_is_lost(stranger, runtime, drain):
    await sign_up(stranger, "nora@nova.test")
    await drain()
    [path] = links(runtime, "nora@nova.test")
    async with runtime.control() as control:
        past = control.now() - timedelta(minutes=1)
        await control.session.execute(
            update(Account).where(Account.email == "nora@nova.test").values(verify_by=past)
        )
    page = await stranger.get("/w/nova/customers")
    assert page.status_code == 200
    assert "change nothing" in page.text
    token = re.search(r'name="_csrf" value="([^"]*)"', page.text)[1]
    refused = await stranger.post("/w/nova/customers/new", data={"_csrf": token, "name": "Lotus"})
    assert refused.status_code == 403
    assert "Confirm your e-mail address to go on" in refused.text
    assert (await stranger.post("/verification", data={"_csrf": token})).status_code == 303
    assert (await follow(stranger, path)).status_code == 303
    made = await stranger.post(
        "/w/nova/customers/new", data={"_csrf": await csrf(stranger, "/w/nova/"), "name": "Lotus"}
    )
    assert made.status_code == 303


async def test_the_keys_of_who_is_late_read_as_well(ann, runtime):
    async with runtime.control() as control:
        past = control.now() - timedelta(minutes=1)
        change = update(Account).where(Account.id == ann.account_id).values(verify_by=past)
        await control.session.execute(change)
    key_memory._kept.clear()
    assert (await ann.api.get("/customers")).status_code == 200
    refused = await ann.api.post("/customers", json={"name": "Lotus"})
    assert refused.status_code == 403
    assert refused.json()["code"] == "account.unconfirmed"
    key_memory._kept.clear()


async def test_nobody_else_has_a_mail_sent_again(stranger, runtime):
    assert (await stranger.post("/verification")).headers["location"] == "/login"


async def test_a_mail_is_not_written_about_who_is_gone(runtime, ann, stranger):
    gone = addresses.MailVerification(account_id=ann.member_id, proof_id=ann.member_id)
    await jobs.mail_verification(runtime, gone)
    assert subjects(runtime, "ann@acme.test") == []


async def test_a_refusal_after_the_fact_is_too_late(ann, runtime):
    async with runtime.control() as control:
        proof = Proof(id=ann.account_id, account_id=ann.account_id, kind=proofs.VERIFY, email="ann@acme.test")
        with pytest.raises(proofs.DeadLink):
            await addresses.refuse(control, proof)
        proof.account_id = ann.member_id
        with pytest.raises(proofs.DeadLink):
            await addresses.refuse(control, proof)
