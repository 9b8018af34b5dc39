"""Reads of one member's notifications."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import func, literal, select

from core.activities.notifications.models import Notification
from core.kernel import paging
from core.kernel.errors import NotFound
from core.tenancy.ctx import Ctx

LIMIT: Final = 50
COUNT_MOST: Final = 100
_KEYS: Final = (
    paging.Key("created_at", Notification.created_at, descending=True),
    paging.Key("id", Notification.id, descending=True),
)


async def unread(ctx: Ctx) -> int:
    """Count the actor's unread notifications, to 100."""
    some = (
        select(literal(1))
        .where(Notification.member_id == ctx.actor.member_id, Notification.read_at.is_(None))
        .limit(COUNT_MOST)
        .subquery()
    )
    return int(await ctx.session.scalar(select(func.count()).select_from(some)) or 0)


async def page(ctx: Ctx, *, after: str = "", only_unread: bool = False) -> paging.Page[Notification]:
    """Read some of the actor's notifications, newest first."""
    statement = select(Notification).where(Notification.member_id == ctx.actor.member_id)
    if only_unread:
        statement = statement.where(Notification.read_at.is_(None))
    if after:
        statement = statement.where(paging.following(_KEYS, paging.decode(_KEYS, after)))
    statement = statement.order_by(*paging.order_by(_KEYS)).limit(LIMIT + 1)
    return paging.cut(_KEYS, (await ctx.session.scalars(statement)).all(), LIMIT)


async def find(ctx: Ctx, notification_id: UUID) -> Notification:
    """Read one of the actor's own notifications; another raises :class:`NotFound`."""
    found = await ctx.session.get(Notification, notification_id)
    if found is None or found.member_id != ctx.actor.member_id:
        raise NotFound
    return found
