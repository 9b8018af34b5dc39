"""Logins that come by a link that was handed over, whose address nobody has proved: what they open, and for whom."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from core.access.schema import MemberPatch
from core.access.service import update_member
from core.tenancy.control_log import ControlEvent
from tenants.accounts import limits, tidying
from tenants.accounts import service as accounts
from tenants.accounts import service_changes as changes
from tenants.accounts.failed_logins import failed_logins
from tenants.accounts.models import Account, Session
from tenants.accounts.schema import EmailIn
from tenants.accounts.second_factor import service as second_factor
from tenants.accounts.second_factor.models import SecondFactor
from tests.tenants.accounts.mails import account, follow, links
from tests.tenants.admin.test_pages import OWN, claim_of, handed, hired, member_of
from tests.tenants.admin.test_pages import an_empty_inbox as an_empty_inbox
from tests.tenants.admin.test_pages import forgetful as forgetful
from tests.tenants.admin.test_pages import strangers_to_the_process as strangers_to_the_process

DEE = "dee@acme.test"


async def claimed(person, stranger, password=OWN):
    """Let somebody in by the link that was handed over for Dee's address; gives his claim of it."""
    stranger.cookies.clear()
    made = await stranger.post(
        f"{await hired(person, DEE)}/account", data={"name": "Dee", "password": password}
    )
    assert made.headers["location"] == person.w()
    stranger.cookies.clear()
    return (await member_of(person, DEE)).account_id


async def opens(stranger, person, password):
    stranger.cookies.clear()
    await stranger.post("/login", data={"email": DEE, "password": password})
    status = (await stranger.get(person.w("/customers"))).status_code
    stranger.cookies.clear()
    return status == 200


async def test_a_claim_of_another_workspace_shuts_nobody_out(ann, zed, stranger):
    first = await claimed(ann, stranger)
    assert await claimed(zed, stranger, "another good password") != first
    assert await opens(stranger, ann, OWN)
    assert await opens(stranger, zed, "another good password")


async def test_a_new_password_for_a_claim_goes_to_that_claim(ann, zed, stranger, drain):
    await claimed(ann, stranger)
    await claimed(zed, stranger, "another good password")
    await drain()
    member = await member_of(ann, DEE)
    answer = await ann.post(f"/settings/members/{member.id}/login")
    assert f"on its way to {DEE}" in answer.text
    await drain()
    await follow(stranger, links(ann.runtime, DEE)[0], new="a new good password")
    assert await opens(stranger, ann, "a new good password")
    assert await opens(stranger, zed, "another good password")
    # The address has an account now: the other login is given a password, and nothing else.
    first = (await account(ann.runtime, DEE)).id
    member = await member_of(zed, DEE)
    await zed.post(f"/settings/members/{member.id}/login")
    await drain()
    await follow(stranger, links(ann.runtime, DEE)[0], new="one more good password")
    assert await opens(stranger, zed, "one more good password")
    await stranger.post("/forgot", data={"email": DEE})
    await drain()
    await follow(stranger, links(ann.runtime, DEE)[0], new="the last good password")
    assert await opens(stranger, ann, "the last good password")
    assert (await account(ann.runtime, DEE)).id == first


async def test_a_claim_joins_an_account_that_was_confirmed_long_ago(ann, zed, stranger, drain):
    first = await claimed(ann, stranger)
    await drain()
    async with ann.runtime.control() as control:
        his = await control.session.get_one(Account, first)
        his.verified_at, his.verify_by = control.now(), None
    await claimed(zed, stranger, "another good password")
    await drain()
    confirm = links(ann.runtime, DEE)[0]
    await stranger.post("/login", data={"email": DEE, "password": OWN})
    await follow(stranger, confirm)
    await drain()
    assert (await member_of(zed, DEE)).account_id == first
    assert await claim_of(ann, DEE) is None


async def test_who_proves_the_address_is_not_asked_for_a_code_of_somebody_else(ann, stranger, drain):
    claim = await claimed(ann, stranger)
    async with ann.runtime.control() as control:
        factor = SecondFactor(account_id=claim, secret_sealed="x", confirmed_at=control.now())
        control.session.add(factor)
    await drain()
    await stranger.post("/forgot", data={"email": DEE})
    await drain()
    await follow(stranger, links(ann.runtime, DEE)[0], new="a new good password")
    async with ann.runtime.control() as control:
        assert await second_factor.factor_of(control, claim) is None
    assert (await account(ann.runtime, DEE)).id == claim


async def test_who_left_is_given_no_link(ann, drain):
    await hired(ann, DEE)
    member = await member_of(ann, DEE)
    await ann.post(f"/settings/members/{member.id}/leave")
    await drain()
    assert (await ann.post(f"/settings/members/{member.id}/login")).status_code == 409


async def test_a_link_ends_when_its_member_is_given_another_role(ann, stranger, drain):
    path = await hired(ann, DEE)
    member = await member_of(ann, DEE)
    async with ann.acting() as ctx:
        await update_member(
            ctx, await ctx.session.get_one(type(member), member.id), MemberPatch(role="admin")
        )
    await drain()
    assert (await stranger.get(path)).status_code == 404
    another = handed(await ann.post(f"/settings/members/{member.id}/login"))
    assert (await stranger.get(another)).status_code == 200


async def test_mails_to_an_address_by_handed_over_links_are_limited(ann, stranger, monkeypatch):
    path = await hired(ann, DEE)
    monkeypatch.setattr(limits, "MAILS", ((1, 3_601),))
    form = {"name": "Dee", "password": OWN}
    assert (await stranger.post(f"{path}/account", data=form)).status_code == 303
    stranger.cookies.clear()
    member = await member_of(ann, DEE)
    async with ann.acting() as ctx:
        (await ctx.session.get_one(type(member), member.id)).account_id = None
    again = handed(await ann.post(f"/settings/members/{member.id}/login"))
    assert (await stranger.post(f"{again}/account", data=form)).status_code == 429


async def test_a_workspace_does_not_learn_where_a_stranger_mistypes(ann, stranger):
    claim = await claimed(ann, stranger)
    failed = failed_logins(ann.runtime)
    failed.note("203.0.113.9", DEE)
    await failed.flush()
    async with ann.runtime.control() as control:
        chosen = select(ControlEvent).where(
            ControlEvent.name == "login.failed", ControlEvent.tenant_id == ann.tenant.id
        )
        told = (await control.session.scalars(chosen)).all()
    assert [(one.record_id, one.address) for one in told if one.record_id == claim] == [(claim, "")]


async def test_who_comes_back_after_his_login_is_gone_is_let_in_anew(ann, stranger, drain):
    claim = await claimed(ann, stranger)
    member = await member_of(ann, DEE)
    await ann.post(f"/settings/members/{member.id}/leave")
    await drain()
    async with ann.runtime.control() as control:
        await control.session.execute(delete(Session).where(Session.account_id == claim))
        old = update(Account).where(Account.id == claim)
        await control.session.execute(old.values(created_at=control.now() - timedelta(days=31)))
    await tidying.forget_old(ann.runtime, tidying.Nothing())
    assert await claim_of(ann, DEE) is None
    await ann.post(f"/settings/members/{member.id}/return")
    await drain()
    back = await member_of(ann, DEE)
    assert (back.active, back.account_id) == (True, None)


async def test_a_login_means_as_many_whoever_has_the_address(ann, zed, stranger):
    await claimed(ann, stranger)
    async with ann.runtime.control() as control:
        for email in (DEE, "zed@beta.test", "nobody@nowhere.test"):
            assert len(await accounts.candidates(control, email)) == accounts.VOUCHERS + 2


async def test_a_claim_that_wants_another_address_is_asked_at_both(ann, stranger, drain):
    claim = await claimed(ann, stranger)
    await drain()
    async with ann.runtime.control() as control:
        await changes.ask(control, claim, EmailIn(email="dee@new.test", current=OWN))
    await drain()
    new, old = links(ann.runtime, "dee@new.test")[0], links(ann.runtime, DEE)[0]
    await follow(stranger, new)
    assert await account(ann.runtime, "dee@new.test") is None
    await follow(stranger, old, act="agree")
    assert (await account(ann.runtime, "dee@new.test")).id == claim
