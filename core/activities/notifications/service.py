"""The verbs of notifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Text, cast, delete, literal, select, update

from core.activities.notifications.models import Notification
from core.kernel.i18n import N_
from core.members.events import MemberHandedOver
from core.members.models import HandOverItem
from core.tenancy.ctx import Ctx

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "mentioned": ("at-sign", N_("{actor} mentioned you: {title}")),
    "assigned": ("user-check", N_("{actor} gave you a task: {title}")),
    "reminded": ("bell", N_("Reminder: {title}")),
    "handed_over": ("user-check", N_("What {title} owned is yours now, {count} in all")),
    "given_back": ("undo-2", N_("What was yours is yours again, {count} in all")),
    "webhook_paused": ("webhook", N_("Webhook paused: {title}")),
    "module_unpaid": ("credit-card", N_("{title} was switched off: nobody pays for it")),
    "came": ("target", N_("New lead from {actor}: {title}")),
    "came_again": ("repeat", N_("{title} got in touch again: {actor}")),
}
"""What a notification can be about: its icon and its text."""


async def notify(
    ctx: Ctx, member_ids: Sequence[UUID], kind: str, *, path: str, params: Mapping[str, str]
) -> None:
    """Tell members something; ``params`` fill the text of the kind, ``path`` leads to the cause."""
    ctx.session.add_all(
        Notification(member_id=member_id, kind=kind, params=dict(params), path=path)
        for member_id in dict.fromkeys(member_ids)
    )


async def tell_successor(ctx: Ctx, event: MemberHandedOver) -> None:
    """Tell whoever took a colleague's records over how many there are, and where to see which.

    It stands for what each task that came along told by itself.
    """
    if event.to_id and event.moved:
        successor = UUID(event.to_id)
        came = select(literal("/tasks/") + cast(HandOverItem.record_id, Text)).where(
            HandOverItem.hand_over_id == UUID(event.hand_over_id), HandOverItem.holding == "task"
        )
        told = (Notification.member_id == successor, Notification.kind == "assigned")
        await ctx.session.execute(delete(Notification).where(*told, Notification.path.in_(came)))
        kind = "given_back" if successor == event.subject_id else "handed_over"
        path = f"/settings/hand_overs/{event.hand_over_id}"
        params = {"title": event.label, "count": str(event.moved)}
        await notify(ctx, [successor], kind, path=path, params=params)


async def read_all(ctx: Ctx) -> None:
    """Mark all notifications of the actor as read."""
    await ctx.session.execute(
        update(Notification)
        .where(Notification.member_id == ctx.actor.member_id, Notification.read_at.is_(None))
        .values(read_at=ctx.now(), updated_at=ctx.now(), version=Notification.version + 1)
    )


async def read(ctx: Ctx, notification: Notification) -> None:
    """Mark one notification as read; harmless to repeat."""
    notification.read_at = notification.read_at or ctx.now()
    await ctx.session.flush()
