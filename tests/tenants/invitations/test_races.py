"""What comes too late, twice or by the wrong way: nobody gets in by it, and nothing is counted twice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from core.access import service as people
from core.access.schema import MemberIn
from core.kernel.errors import Forbidden
from tenants.accounts.models import Account
from tenants.invitations import queries, service_accepting
from tenants.invitations.models import Invitation, InvitationUse
from tenants.invitations.schema import FINISH
from tests.fixtures.people import Person
from tests.tenants.invitations.test_domains import confirm, named, proved, zone
from tests.tenants.invitations.test_invitations import (
    OWN,
    account,
    an_empty_inbox,
    browser,
    count,
    csrf,
    invited,
    link_of,
    mailed,
    members,
)

__all__ = ["an_empty_inbox", "zone"]


async def uses_of(ann: Person, token: str) -> int:
    async with ann.runtime.control() as control:
        found = await control.session.scalar(
            select(Invitation.uses).where(Invitation.token_hash == queries.digest(token))
        )
        assert found is not None
        return found


async def test_a_mere_claim_of_an_address_is_proved_before_a_link_opens(ann, app, drain) -> None:
    token = await link_of(ann)
    dee, session = await account(ann, "dee@shop.test")
    async with ann.runtime.control() as control:
        found = await control.session.get_one(Account, dee.id)
        found.verify_by = control.now()
    async with await browser(ann, app, session) as client:
        page = await client.get(f"/join/{token}")
        assert f"/join/{token}/mail" in page.text
        refused = await client.post(f"/join/{token}", data={"_csrf": await csrf(client, f"/join/{token}")})
        assert refused.status_code == 403
    assert await count(ann, InvitationUse) == 0


async def test_a_link_makes_no_account_and_a_mail_sends_no_mail(ann, stranger, drain) -> None:
    link = await link_of(ann)
    answer = await stranger.post(f"/join/{link}/account", data={"name": "Dee", "password": OWN})
    assert answer.status_code == 404
    await invited(ann)
    await drain()
    [token] = mailed(ann, "dee@acme.test")
    assert (await stranger.post(f"/join/{token}/mail", data={"email": "x@shop.test"})).status_code == 404
    await drain()
    assert mailed(ann, "x@shop.test") == []


async def test_who_is_a_member_already_just_goes_in(ann, bo) -> None:
    token = await link_of(ann, max_uses=1)
    form = {"_csrf": bo.csrf}
    done = await bo.page.post(f"/join/{token}", data=form)
    assert done.headers["location"] == ann.w()
    assert await uses_of(ann, token) == 0
    nowhere = await bo.page.post("/join/nonsense", data={"_csrf": bo.csrf})
    assert nowhere.status_code in {403, 404}


async def test_what_never_was_an_invitation_holds_no_place(ann) -> None:
    dee, _ = await account(ann, "dee@acme.test")
    async with ann.runtime.control() as control:
        with pytest.raises(queries.DeadInvitation):
            await service_accepting.take_place(control, "nonsense", dee)


async def test_the_last_place_of_a_link_goes_to_one_of_two_who_proved_their_address(
    ann, stranger, drain
) -> None:
    link = await link_of(ann, max_uses=1)
    for name in ("one", "two"):
        sent = await stranger.post(f"/join/{link}/mail", data={"email": f"{name}@shop.test"})
        assert sent.status_code == 200
    await drain()
    [token] = mailed(ann, "two@shop.test")
    two, _ = await account(ann, "two@shop.test")
    async with ann.runtime.control() as control:
        below = await queries.by_token(control, token)
        # The other one takes the last place between this reader's look and his own try.
        parent = await control.session.get_one(Invitation, below.parent_id)
        parent.uses = 1
        await control.session.flush()
        with pytest.raises(queries.DeadInvitation):
            await service_accepting.hold_place(control, below.id, two)
    assert await count(ann, InvitationUse) == 0


async def test_a_domain_holds_one_place_for_one_account(ann, zone, drain) -> None:
    made = await proved(ann, zone, drain)
    dee, _ = await account(ann, "dee@shop.test")
    await confirm(ann, dee)
    places = []
    for _ in range(2):
        async with ann.runtime.control() as control:
            places.append(await service_accepting.hold_place(control, made["id"], dee))
    assert places[0] == places[1]
    assert await count(ann, InvitationUse) == 1


async def test_a_domain_that_is_revoked_before_it_was_looked_up_is_not_looked_up(
    ann, zone, drain, monkeypatch
) -> None:
    made = await named(ann)
    assert (await ann.api.post(f"/invitations/{made['id']}/check")).status_code == 202
    assert (await ann.api.delete(f"/invitations/{made['id']}")).status_code == 204

    async def never(domain: str) -> list[str]:
        raise AssertionError(domain)

    monkeypatch.setattr("tenants.invitations.jobs.txt_records", never)
    await drain()


async def test_a_job_that_the_workspace_refuses_gives_the_place_back_and_ends(ann, drain) -> None:
    token = await link_of(ann, max_uses=1)
    dee, _ = await account(ann, "dee@shop.test")
    async with ann.runtime.control() as control:
        await service_accepting.take_place(control, token, dee)
    async with ann.acting() as ctx:
        gone = await people.add_member(ctx, MemberIn(name="Dee", email="dee@shop.test"))
        gone.active = False
    await drain()
    assert await uses_of(ann, token) == 0
    assert await count(ann, InvitationUse) == 0
    assert [one.active for one in await members(ann, "dee@shop.test")] == [False]
    from core.tenancy.control_log import ControlOutbox

    assert await count(ann, ControlOutbox, ControlOutbox.job == FINISH) == 0


async def test_a_place_is_given_back_once(ann, monkeypatch) -> None:
    token = await link_of(ann, max_uses=1)
    dee, _ = await account(ann, "dee@shop.test")
    async with ann.runtime.control() as control:
        place = await service_accepting.take_place(control, token, dee)
    real = service_accepting._give_back

    async def twice(*args: Any) -> None:
        await real(*args)
        await real(*args)

    async def no_room(*_: Any, **__: Any) -> None:
        raise Forbidden

    monkeypatch.setattr(service_accepting, "_give_back", twice)
    monkeypatch.setattr(service_accepting.people, "join", no_room)
    with pytest.raises(Forbidden):
        await service_accepting.finish(ann.runtime, place.use_id)
    assert await uses_of(ann, token) == 0


async def test_who_invites_is_offered_only_roles_he_may_give(ann, mia) -> None:
    async with ann.acting() as ctx:
        from core.access.models import Member

        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    ann.runtime.forget_actors(ann.tenant.id)
    assert 'value="owner"' in (await ann.page.get(ann.w("/settings/invitations"))).text
    assert 'value="owner"' not in (await mia.page.get(mia.w("/settings/invitations"))).text
