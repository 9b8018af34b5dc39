"""What becomes of the apps that somebody who leaves answers for: a successor does, with his own rights."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from tenants.remote_apps import service
from tenants.remote_apps.models import RemoteApp


async def count_of(control: Control, tenant_id: UUID, member_id: UUID) -> int:
    """How many apps a member answers for."""
    counted = select(func.count()).select_from(RemoteApp)
    whose = counted.where(RemoteApp.tenant_id == tenant_id, RemoteApp.member_id == member_id)
    return await control.session.scalar(whose) or 0


async def follow_hand_over(ctx: Ctx, event: Any) -> None:
    """Let the successor answer for the apps where the hand-over said so; harmless to repeat.

    Their keys are handed over like all others: what an app has no living key for waits for consent again.
    """
    if not event.lends:
        return
    async with ctx.machinery.control() as control:  # type: ignore[attr-defined]
        whose = (RemoteApp.tenant_id == ctx.tenant.id, RemoteApp.member_id == event.subject_id)
        found = select(RemoteApp).where(*whose).order_by(RemoteApp.id).with_for_update()
        for app in (await control.session.scalars(found)).all():
            await service.answer(control, app, UUID(event.to_id))
