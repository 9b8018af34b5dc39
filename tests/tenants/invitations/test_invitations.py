"""Invitations: made, sent, accepted once, limited, revoked; nobody learns who has an account."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from core.access.models import Member
from core.kernel.errors import AppError, Conflict, Forbidden
from core.tenancy.control_log import ControlEvent
from tenants.accounts import service as accounts
from tenants.accounts.authentication import COOKIE
from tenants.accounts.models import Account, Membership
from tenants.accounts.schema import AccountIn
from tenants.invitations import queries, service_accepting
from tenants.invitations.models import Invitation, InvitationUse
from tests.fixtures.people import BASE, Person

OWN = "a password of my own"
JOIN = re.compile(r"/join/([\w-]+)")


@pytest.fixture(autouse=True)
def an_empty_inbox(runtime) -> None:
    for path in (runtime.settings.home / "inbox").glob("*.eml"):
        path.unlink()


async def invited(ann: Person, email: str = "dee@acme.test", **more: Any) -> dict[str, Any]:
    answer = await ann.api.post("/invitations", json={"email": email, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def link_of(ann: Person, **more: Any) -> str:
    answer = await ann.api.post("/invitations/links", json=more)
    assert answer.status_code == 201, answer.text
    return JOIN.search(answer.json()["url"])[1]


def mailed(ann: Person, email: str) -> list[str]:
    """The tokens in an address's mails, newest first."""
    inbox = ann.runtime.mailer.inbox
    found = [inbox.read(entry.id).text for entry in inbox.newest() if email in entry.to]
    return [JOIN.search(text)[1] for text in found if JOIN.search(text)]


async def account(ann: Person, email: str) -> tuple[Account, str]:
    async with ann.runtime.control() as control:
        made = await accounts.create(control, AccountIn(email=email, name="Dee", password=OWN))
        return made, await accounts.open_session(control, made)


async def browser(ann: Person, app: Any, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE, cookies={COOKIE: token})


async def csrf(client: httpx.AsyncClient, path: str) -> str:
    return re.search(r'name="_csrf" value="([^"]+)"', (await client.get(path)).text)[1]


async def members(ann: Person, email: str) -> list[Member]:
    async with ann.ctx() as ctx:
        return list(await ctx.session.scalars(select(Member).where(Member.email == email)))


async def count(ann: Person, model: Any, *where: Any) -> int:
    async with ann.runtime.control() as control:
        return await control.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


async def told(ann: Person) -> list[str]:
    async with ann.runtime.control() as control:
        statement = select(ControlEvent.name).where(ControlEvent.tenant_id == ann.tenant.id)
        found = await control.session.scalars(statement.order_by(ControlEvent.id))
        return [name for name in found if name.startswith("invitation.")]


async def test_somebody_new_comes_in_by_mail(ann, stranger, drain) -> None:
    made = await invited(ann, role="manager")
    assert made["url"] is None
    await drain()
    [token] = mailed(ann, "dee@acme.test")
    page = await stranger.get(f"/join/{token}")
    assert page.status_code == 200
    assert "Acme" in page.text
    short = await stranger.post(f"/join/{token}/account", data={"name": "", "password": "short"})
    assert short.status_code == 422
    assert short.text.count('aria-invalid="true"') == 2
    done = await stranger.post(f"/join/{token}/account", data={"name": "Dee", "password": OWN})
    assert done.headers["location"] == ann.w()
    assert (await stranger.get(ann.w("/customers"))).status_code == 200
    [member] = await members(ann, "dee@acme.test")
    assert (member.role, member.name, member.active) == ("manager", "Dee", True)
    async with ann.runtime.control() as control:
        found = await accounts.by_email(control, "dee@acme.test")
        assert found.verified_at is not None
    await drain()
    assert await told(ann) == ["invitation.created", "invitation.accepted"]
    assert (await stranger.get(f"/join/{token}")).status_code == 404
    stranger.cookies.clear()
    again = await stranger.post(f"/join/{token}/account", data={"name": "Dee", "password": OWN})
    assert again.status_code == 404
    assert (await ann.api.get("/invitations")).json()["data"] == []


async def test_somebody_with_an_account_signs_in_and_accepts(ann, app, drain) -> None:
    await invited(ann)
    await drain()
    [token] = mailed(ann, "dee@acme.test")
    _, session = await account(ann, "dee@acme.test")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as nobody:
        page = await nobody.get(f"/join/{token}")
        assert f"/login?next=/join/{token}" in page.text
        refused = await nobody.post(f"/join/{token}/account", data={"name": "Dee", "password": OWN})
        assert refused.status_code == 409
        assert (await nobody.post(f"/join/{token}")).headers["location"] == f"/login?next=/join/{token}"
    async with await browser(ann, app, session) as client:
        form = {"_csrf": await csrf(client, f"/join/{token}")}
        done = await client.post(f"/join/{token}", data=form)
        assert done.headers["location"] == ann.w()
        assert (await client.get(ann.w("/customers"))).status_code == 200


async def test_a_mail_is_for_its_address_alone(ann, zed, drain) -> None:
    await invited(ann)
    await drain()
    [token] = mailed(ann, "dee@acme.test")
    page = await zed.page.get(f"/join/{token}")
    assert "dee@acme.test" in page.text
    refused = await zed.page.post(f"/join/{token}", data={"_csrf": zed.csrf})
    assert refused.status_code == 403
    assert await members(ann, "zed@beta.test") == []


async def test_a_link_takes_in_as_many_as_it_says(ann, zed, stranger, drain) -> None:
    token = await link_of(ann, max_uses=2, role="readonly")
    joined = await zed.page.post(f"/join/{token}", data={"_csrf": zed.csrf})
    assert joined.headers["location"] == ann.w()
    again = await zed.page.post(f"/join/{token}", data={"_csrf": zed.csrf})
    assert again.status_code in {303, 403}
    assert (await stranger.get(f"/join/{token}")).status_code == 200
    sent = await stranger.post(f"/join/{token}/mail", data={"email": "New@Shop.test"})
    assert sent.status_code == 200
    await drain()
    [own] = mailed(ann, "new@shop.test")
    done = await stranger.post(f"/join/{own}/account", data={"name": "New", "password": OWN})
    assert done.headers["location"] == ann.w()
    assert [member.role for member in await members(ann, "new@shop.test")] == ["readonly"]
    stranger.cookies.clear()
    assert (await stranger.get(f"/join/{token}")).status_code == 404
    refused = await stranger.post(f"/join/{token}/mail", data={"email": "late@shop.test"})
    assert refused.status_code == 404
    assert await count(ann, Membership, Membership.tenant_id == ann.tenant.id) == 6


async def test_asking_a_link_for_a_mail_says_the_same_of_every_address(ann, stranger, drain) -> None:
    token = await link_of(ann)
    known = await stranger.post(f"/join/{token}/mail", data={"email": "bo@acme.test"})
    unknown = await stranger.post(f"/join/{token}/mail", data={"email": "no@acme.test"})
    assert known.text.replace("bo@", "no@") == unknown.text
    wrong = await stranger.post(f"/join/{token}/mail", data={"email": "nonsense"})
    assert wrong.status_code == 422
    for _ in range(3):
        answer = await stranger.post(f"/join/{token}/mail", data={"email": "no@acme.test"})
    assert answer.status_code == 429
    await drain()
    assert len(mailed(ann, "no@acme.test")) == 1, "a newer link replaces the older one before it is sent"


async def test_twenty_at_once_make_one_member(ann, drain) -> None:
    await invited(ann)
    await drain()
    [token] = mailed(ann, "dee@acme.test")
    dee, _ = await account(ann, "dee@acme.test")

    async def accept() -> None:
        async with ann.runtime.control() as control:
            place = await service_accepting.take_place(control, token, dee)
        if place.use_id is not None:
            await service_accepting.finish(ann.runtime, place.use_id)

    await asyncio.gather(*(accept() for _ in range(20)))
    await drain()
    assert len(await members(ann, "dee@acme.test")) == 1
    assert await count(ann, Membership, Membership.account_id == dee.id) == 1
    assert await count(ann, InvitationUse) == 1
    assert (await told(ann)).count("invitation.accepted") == 1


async def test_twenty_people_at_once_on_a_link_for_five(ann, drain) -> None:
    token = await link_of(ann, max_uses=5)
    people = [(await account(ann, f"p{number}@shop.test"))[0] for number in range(20)]

    async def accept(person: Account) -> bool:
        try:
            async with ann.runtime.control() as control:
                place = await service_accepting.take_place(control, token, person)
            await service_accepting.finish(ann.runtime, place.use_id)
        except queries.DeadInvitation:
            return False
        return True

    came = await asyncio.gather(*(accept(person) for person in people))
    assert sum(came) == 5
    async with ann.ctx() as ctx:
        here = await ctx.session.scalar(
            select(func.count()).select_from(Member).where(Member.email.like("p%@shop.test"))
        )
    assert here == 5


async def test_a_job_completes_what_a_dying_process_began(ann, drain) -> None:
    await invited(ann)
    await drain()
    [token] = mailed(ann, "dee@acme.test")
    dee, _ = await account(ann, "dee@acme.test")
    async with ann.runtime.control() as control:
        first = await service_accepting.take_place(control, token, dee)
    async with ann.runtime.control() as control:
        second = await service_accepting.take_place(control, token, dee)
    assert first == second
    await drain()
    assert len(await members(ann, "dee@acme.test")) == 1
    assert await count(ann, Membership, Membership.account_id == dee.id) == 1
    await service_accepting.finish(ann.runtime, first.use_id)
    async with ann.runtime.control() as control:
        assert (await service_accepting.take_place(control, token, dee)).use_id is None


async def test_what_the_workspace_refuses_gives_the_place_back(ann, monkeypatch) -> None:
    token = await link_of(ann, max_uses=1)
    dee, _ = await account(ann, "dee@acme.test")

    async def no_room(*_: Any, **__: Any) -> None:
        raise Forbidden

    async with ann.runtime.control() as control:
        place = await service_accepting.take_place(control, token, dee)
    with monkeypatch.context() as patch:
        patch.setattr(service_accepting.people, "join", no_room)
        with pytest.raises(AppError):
            await service_accepting.finish(ann.runtime, place.use_id)
    async with ann.runtime.control() as control:
        again = await service_accepting.take_place(control, token, dee)
    assert again.use_id not in {None, place.use_id}


async def test_whoever_was_shown_the_door_does_not_come_back_by_a_link(ann, bo, drain) -> None:
    token = await link_of(ann)
    assert (await ann.post(f"/settings/members/{bo.member_id}/leave")).status_code == 303
    await drain()
    refused = await bo.page.post(f"/join/{token}", data={"_csrf": bo.csrf})
    assert refused.status_code == 403
    assert await count(ann, InvitationUse) == 0
    await invited(ann, "bo@acme.test", role="readonly")
    await drain()
    [own] = mailed(ann, "bo@acme.test")
    back = await bo.page.post(f"/join/{own}", data={"_csrf": bo.csrf})
    assert back.headers["location"] == ann.w()
    [member] = await members(ann, "bo@acme.test")
    assert (member.active, member.role, member.id) == (True, "readonly", bo.member_id)


async def test_inviting_again_sends_another_link_and_ends_the_first(ann, stranger, drain) -> None:
    first = await invited(ann)
    await drain()
    again = await invited(ann, role="admin")
    assert (again["id"], again["role"]) == (first["id"], "admin")
    await drain()
    newer, older = mailed(ann, "dee@acme.test")
    assert (await stranger.get(f"/join/{older}")).status_code == 404
    assert (await stranger.get(f"/join/{newer}")).status_code == 200
    assert (await ann.api.post(f"/invitations/{first['id']}/send")).status_code == 200
    assert await told(ann) == ["invitation.created", "invitation.sent", "invitation.sent"]


async def test_revoked_and_expired_ones_open_nothing(ann, stranger, drain) -> None:
    token = await link_of(ann)
    sent = await stranger.post(f"/join/{token}/mail", data={"email": "dee@shop.test"})
    assert sent.status_code == 200
    await drain()
    [own] = mailed(ann, "dee@shop.test")
    [link] = (await ann.api.get("/invitations")).json()["data"]
    assert (await ann.api.delete(f"/invitations/{link['id']}")).status_code == 204
    for dead in (token, own, "nonsense"):
        page = await stranger.get(f"/join/{dead}")
        assert page.status_code == 404
        assert "does not work any more" in page.text
    assert (await ann.api.delete(f"/invitations/{link['id']}")).status_code == 404
    other = await link_of(ann)
    async with ann.runtime.control() as control:
        row = await control.session.scalar(
            select(Invitation).where(Invitation.revoked_at.is_(None), Invitation.email.is_(None))
        )
        row.expires_at = control.now() - timedelta(seconds=1)
    assert (await stranger.get(f"/join/{other}")).status_code == 404
    refused = await stranger.post(f"/join/{other}/account", data={"name": "Dee", "password": OWN})
    assert refused.status_code == 404


async def test_only_who_manages_members_invites_and_owners_alone_owners(ann, bo, mia, zed) -> None:
    for person in (bo, mia):
        assert (await person.api.get("/invitations")).status_code == 403
        assert (await person.api.post("/invitations", json={"email": "a@b.test"})).status_code == 403
        assert (await person.page.get(person.w("/settings/invitations"))).status_code == 403
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    ann.runtime.forget_actors(ann.tenant.id)
    assert (await mia.api.post("/invitations", json={"email": "a@b.test"})).status_code == 201
    owner = {"email": "o@b.test", "role": "owner"}
    assert (await mia.api.post("/invitations", json=owner)).status_code == 403
    made = await invited(ann, "o@b.test", role="owner")
    assert (await mia.api.post(f"/invitations/{made['id']}/send")).status_code == 403
    for path in (f"/invitations/{made['id']}/send",):
        assert (await zed.api.post(path)).status_code == 404
    assert (await zed.api.delete(f"/invitations/{made['id']}")).status_code == 404


async def test_what_is_wrong_is_said_at_once(ann) -> None:
    wrong = {"email": "bo@acme.test", "role": "king", "unit_id": str(uuid4())}
    answer = await ann.api.post("/invitations", json=wrong)
    assert {error["path"] for error in answer.json()["errors"]} == {"role", "unit_id"}
    there = await ann.api.post("/invitations", json={"email": "bo@acme.test"})
    assert (there.status_code, there.json()["code"]) == (409, "member.exists")
    limits = await ann.api.post("/invitations/links", json={"max_uses": 0, "days": 1000})
    assert {error["path"] for error in limits.json()["errors"]} == {"max_uses", "days"}
    link = await ann.api.post("/invitations/links", json={})
    sent = await ann.api.post(f"/invitations/{link.json()['id']}/send")
    assert (sent.status_code, sent.json()["code"]) == (409, "invitation.link")


async def test_a_revoked_invitation_is_not_sent(ann, drain) -> None:
    made = await invited(ann)
    assert (await ann.api.delete(f"/invitations/{made['id']}")).status_code == 204
    await drain()
    assert mailed(ann, "dee@acme.test") == []


async def test_a_role_or_department_that_is_gone_is_replaced(ann, drain) -> None:
    token = await link_of(ann)
    async with ann.runtime.control() as control:
        row = await control.session.scalar(
            select(Invitation).where(Invitation.token_hash == queries.digest(token))
        )
        row.role, row.unit_id = "gone", UUID(int=7)
    dee, _ = await account(ann, "dee@acme.test")
    async with ann.runtime.control() as control:
        place = await service_accepting.take_place(control, token, dee)
    await service_accepting.finish(ann.runtime, place.use_id)
    [member] = await members(ann, "dee@acme.test")
    assert (member.role, member.unit_id) == ("member", None)


async def test_a_row_without_a_login_is_taken_and_another_logins_is_not(ann, drain) -> None:
    assert (await ann.api.post("/members", json={"name": "D", "email": "dee@acme.test"})).status_code == 201
    token = await link_of(ann)
    dee, _ = await account(ann, "dee@acme.test")
    async with ann.runtime.control() as control:
        place = await service_accepting.take_place(control, token, dee)
    await service_accepting.finish(ann.runtime, place.use_id)
    [member] = await members(ann, "dee@acme.test")
    assert (member.account_id, member.name) == (dee.id, "D")
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, ann.member_id)).email = "twin@acme.test"
    twin, _ = await account(ann, "twin@acme.test")
    async with ann.runtime.control() as control:
        place = await service_accepting.take_place(control, token, twin)
    with pytest.raises(Conflict):
        await service_accepting.finish(ann.runtime, place.use_id)
