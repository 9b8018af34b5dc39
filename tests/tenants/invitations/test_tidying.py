"""Invitations that ended are removed after a while."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from tenants.accounts.models import Membership
from tenants.invitations import queries, service, service_accepting, tidying
from tenants.invitations.models import Invitation, InvitationUse
from tenants.invitations.schema import Nothing
from tests.tenants.invitations.test_invitations import account, invited, link_of


async def test_what_ended_long_ago_goes_and_whoever_came_stays(ann, runtime, drain) -> None:
    async def change(invitation_id: Any, **days: int) -> None:
        async with runtime.control() as control:
            values = {name: control.now() + timedelta(days=number) for name, number in days.items()}
            await control.session.execute(
                update(Invitation).where(Invitation.id == UUID(str(invitation_id))).values(values)
            )

    async def left() -> set[str]:
        await tidying.forget_old(runtime, Nothing())
        async with runtime.control() as control:
            return {str(found) for found in await control.session.scalars(select(Invitation.id))}

    names = ("open", "just over", "long over", "just revoked", "long revoked", "used")
    made = {name: (await invited(ann, f"{number}@old.test"))["id"] for number, name in enumerate(names)}
    link = await link_of(ann, max_uses=3, days=7)
    async with runtime.control() as control:
        parent = await queries.by_token(control, link)
        await service.prove(control, ann.tenant, parent, "below@old.test", locale="en")
        below = select(Invitation.id).where(Invitation.parent_id == parent.id)
        below_id = (await control.session.scalars(below)).one()
    dee, _ = await account(ann, "5@old.test")
    async with runtime.control() as control:
        used = await control.session.get_one(Invitation, UUID(made["used"]))
        place = await service_accepting.hold_place(control, used.id, dee)
    await service_accepting.finish(runtime, place.use_id)
    await change(made["just over"], expires_at=-29)
    await change(made["long over"], expires_at=-31)
    await change(made["just revoked"], revoked_at=-29)
    await change(made["long revoked"], revoked_at=-31)
    await change(below_id, expires_at=-31)
    kept = {made[name] for name in ("open", "just over", "just revoked", "used")} | {str(parent.id)}
    assert await left() == kept, "a mail that came of a link goes, the link works on"
    async with runtime.control() as control:
        await queries.by_token(control, link)
        await service.prove(control, ann.tenant, parent, "below@old.test", locale="en")
    await change(made["used"], expires_at=-31)
    await change(parent.id, expires_at=-31)
    assert await left() == kept - {made["used"], str(parent.id)}
    async with runtime.control() as control:
        assert await control.session.scalar(select(func.count()).select_from(InvitationUse)) == 0
        joined = select(Membership).where(Membership.account_id == dee.id)
        assert (await control.session.scalars(joined)).one().tenant_id == ann.tenant.id
