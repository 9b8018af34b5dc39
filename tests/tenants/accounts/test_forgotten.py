"""Passwords that were forgotten, addresses that change, and the links in mails."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from core.access.models import Member
from core.kernel.errors import NotFound
from core.kernel.ids import uuid7
from tenants.accounts import authentication, proofs, service, tidying
from tenants.accounts import service_addresses as addresses
from tenants.accounts import service_changes as changes
from tenants.accounts.models import VOUCHED, Account, Proof, Session
from tenants.accounts.schema import EmailIn
from tests.fixtures.people import PASSWORD
from tests.tenants.accounts.mails import OWN, account, csrf, follow, links, log_in, sign_up, subjects, told

pytestmark = pytest.mark.usefixtures("unlimited")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch, runtime):
    """Ask the database every time, and begin with an empty inbox."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()
    for path in runtime.mailer.inbox._paths():
        path.unlink()


async def test_a_forgotten_password_is_replaced_once(stranger, ann, runtime, drain):
    assert (await stranger.get("/forgot")).status_code == 200
    answer = await stranger.post("/forgot", data={"email": "ANN@acme.test"})
    assert answer.headers["location"] == "/forgot?sent=1"
    assert "is on its way" in (await stranger.get("/forgot?sent=1")).text
    await stranger.post("/forgot", data={"email": "ann@acme.test"})
    await drain()
    [second, first] = links(runtime, "ann@acme.test")
    assert (await follow(stranger, first, new="short")).status_code == 422
    done = await follow(stranger, first, new=OWN)
    assert done.headers["location"] == "/login"
    assert (await stranger.get(first)).status_code == 404
    assert (await stranger.get(second)).status_code == 404
    assert (await ann.page.get(ann.w("/customers"))).status_code == 303
    assert (await log_in(stranger, "ann@acme.test", PASSWORD)).status_code == 422
    assert (await log_in(stranger, "ann@acme.test", OWN)).status_code == 303
    assert (await account(runtime, "ann@acme.test")).verified_at is not None
    assert await told(runtime, "password.reset") == 1


async def test_a_reset_confirms_a_claim(stranger, runtime, drain):
    await sign_up(stranger, "nora@nova.test")
    await stranger.post(
        "/forgot", data={"email": "nora@nova.test", "_csrf": await csrf(stranger, "/w/nova/")}
    )
    await drain()
    pages = {path: (await stranger.get(path)).text for path in links(runtime, "nora@nova.test")}
    [reset] = [path for path, page in pages.items() if "New password" in page]
    await follow(stranger, reset, new="another password of mine")
    assert (await account(runtime, "nora@nova.test")).verified_at is not None
    assert (await log_in(stranger, "nora@nova.test", "another password of mine")).status_code == 303


async def test_a_reset_of_a_claim_leaves_the_account_of_the_address_alone(stranger, ann, runtime, drain):
    await sign_up(stranger, "ann@acme.test")
    claim = await account(runtime, "ann@acme.test", claims=True)
    async with runtime.control() as control:
        proof = Proof(id=claim.id, account_id=claim.id, kind=proofs.RESET, email=claim.email)
        await proofs.offer(control, proof, token="t")
    async with runtime.control() as control:
        await addresses.reset(control, await proofs.read(control, "t"), "yet another password")
    assert (await account(runtime, "ann@acme.test")).id == ann.account_id
    assert (await account(runtime, "ann@acme.test", claims=True)).verify_by is not None


async def test_nobody_is_written_to_where_nobody_is(stranger, runtime, drain):
    assert (await stranger.post("/forgot", data={"email": "nobody@acme.test"})).status_code == 303
    assert (await stranger.post("/forgot", data={"email": "nonsense"})).status_code == 422
    await drain()
    assert subjects(runtime, "nobody@acme.test") == []


async def test_a_mistyped_address_of_a_claim_is_mended_at_once(stranger, runtime, drain):
    await sign_up(stranger, "nroa@nova.test")
    await drain()
    asked = {"_csrf": await csrf(stranger, "/email"), "email": "nora@nova.test", "current": OWN}
    assert (await stranger.post("/email", data=asked)).status_code == 303
    await drain()
    [path] = links(runtime, "nora@nova.test")
    assert (await follow(stranger, path)).status_code == 303
    assert await account(runtime, "nroa@nova.test", claims=True) is None
    tenant = await runtime.directory.by_slug("nova")
    async with runtime.open(tenant) as ctx:
        assert (await ctx.session.scalars(select(Member.email))).all() == ["nora@nova.test"]


async def test_a_members_address_that_a_colleague_has_stays(ann, bo, runtime):
    params = addresses.SyncMember(member_id=bo.member_id, account_id=bo.account_id, email="ann@acme.test")
    async with runtime.open(ann.tenant) as ctx:
        await addresses.follow_account(ctx, params)
        await addresses.follow_account(
            ctx, addresses.SyncMember(member_id=bo.account_id, account_id=bo.account_id, email="x@y.test")
        )
        assert (await ctx.session.get_one(Member, bo.member_id)).email == "bo@acme.test"


async def test_a_wrong_password_or_the_same_address_changes_nothing(ann, runtime):
    for email, current in (("ann@new.test", "no"), ("ann@acme.test", PASSWORD)):
        asked = {"_csrf": ann.csrf, "email": email, "current": current}
        assert (await ann.page.post("/email", data=asked)).status_code == 422
    assert "New e-mail address" in (await ann.page.get("/email")).text


async def test_strangers_cannot_change_addresses(stranger, ann, runtime):
    assert (await stranger.get("/email")).headers["location"] == "/login?next=/email"
    assert (await stranger.post("/email", data={})).headers["location"] == "/login"
    async with runtime.control() as control:
        with pytest.raises(NotFound):
            await changes.ask(control, ann.member_id, EmailIn(email="a@b.test", current="x"))


async def test_a_link_works_once_under_races_and_not_for_ever(ann, runtime):
    async with runtime.control() as control:
        proof = Proof(id=ann.account_id, account_id=ann.account_id, kind=proofs.RESET, email="ann@acme.test")
        await proofs.offer(control, proof, token="t")
        await proofs.offer(control, proof, token="t")
        found = await proofs.read(control, "t")
        await proofs.spend(control, found)
        with pytest.raises(proofs.DeadLink):
            await proofs.spend(control, found)
        await control.session.execute(update(Proof).values(used_at=None, expires_at=control.now()))
        with pytest.raises(proofs.DeadLink):
            await proofs.read(control, "t")


async def test_only_the_digest_is_kept(ann, runtime, stranger, drain):
    await stranger.post("/forgot", data={"email": "ann@acme.test"})
    await drain()
    [path] = links(runtime, "ann@acme.test")
    token = path.rpartition("/")[2]
    async with runtime.control() as control:
        [proof] = (await control.session.scalars(select(Proof))).all()
        assert proof.token_hash == proofs.digest(token)
        assert token not in str(vars(proof))


async def test_sessions_of_who_resets_are_gone_everywhere(ann, runtime, stranger, drain):
    await stranger.post("/forgot", data={"email": "ann@acme.test"})
    await drain()
    await follow(stranger, links(runtime, "ann@acme.test")[0], new=OWN)
    async with runtime.control() as control:
        left = select(func.count()).select_from(Session).where(Session.account_id == ann.account_id)
        assert await control.session.scalar(left) == 0


async def test_old_links_and_sessions_go(ann, runtime):
    async with runtime.control() as control:
        old = control.now() - timedelta(days=8)
        for number, at in enumerate((old, control.now() - timedelta(days=1))):
            proof = Proof(id=uuid7(), account_id=ann.account_id, kind=proofs.RESET, email="ann@acme.test")
            await proofs.offer(control, proof, token=f"t{number}")
            await control.session.execute(update(Proof).where(Proof.id == proof.id).values(expires_at=at))
        account = await control.session.get_one(Account, ann.account_id)
        over = service.digest(await service.open_session(control, account))
        await control.session.execute(
            update(Session).where(Session.token_hash == over).values(expires_at=old)
        )
    await tidying.forget_old(runtime, tidying.Nothing())
    async with runtime.control() as control:
        assert len((await control.session.scalars(select(Proof.id))).all()) == 1
        kept = select(Session.token_hash).where(Session.account_id == ann.account_id)
        assert (await control.session.scalars(kept)).all() == [service.digest(ann.token)]


async def test_claims_that_came_to_nothing_go(ann, stranger, runtime):
    async with runtime.control() as control:
        now = control.now()
        for name, days in (("young", 29), ("old", 31), ("in", 31), ("real", None)):
            until = None if days is None else now - timedelta(days=days)
            control.session.add(Account(email=f"{name}@claims.test", name=name, verify_by=until))
        for name, days in (("here", 29), ("gone", 31)):
            made = now - timedelta(days=days)
            vouched = Account(email=f"{name}@claims.test", name=name, verify_by=VOUCHED, created_at=made)
            control.session.add(vouched)
        await control.session.flush()
        chosen = select(Account).where(Account.email == "in@claims.test")
        await service.open_session(control, (await control.session.scalars(chosen)).one())
    await sign_up(stranger, "works@claims.test")
    async with runtime.control() as control:
        works = Account.email == "works@claims.test"
        await control.session.execute(update(Account).where(works).values(verify_by=now - timedelta(days=31)))
        ended = Session.account_id.in_(select(Account.id).where(works))
        await control.session.execute(delete(Session).where(ended))

    async def left() -> set[str]:
        await tidying.forget_old(runtime, tidying.Nothing())
        async with runtime.control() as control:
            found = select(Account.email).where(Account.email.like("%@claims.test"))
            return {email.partition("@")[0] for email in await control.session.scalars(found)}

    assert await left() == {"young", "in", "real", "works", "here"}, "a workspace is not taken from anybody"
    async with runtime.control() as control:
        await control.session.execute(update(Session).values(expires_at=now - timedelta(days=1)))
    assert await left() == {"young", "real", "works", "here"}, "nobody is signed in any more"
