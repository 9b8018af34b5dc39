"""Reads of webhooks and of their log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, literal, literal_column, select

from core.kernel import events
from core.kernel.errors import NotFound
from core.tenancy.ctx import Actor, Ctx
from core.webhooks import choosing, message, rights
from core.webhooks.models import Attempt, Delivery, Endpoint

PAGE: Final = 50
COUNT_MOST: Final = 1000


async def endpoints(ctx: Ctx) -> Sequence[Endpoint]:
    """All webhooks, the oldest first: there are few."""
    return (await ctx.session.scalars(select(Endpoint).order_by(Endpoint.id))).all()


async def endpoint(ctx: Ctx, endpoint_id: UUID, *, lock: bool = False) -> Endpoint:
    """One webhook; raises NotFound. Locked, no message can be added to it or taken for sending meanwhile."""
    statement = select(Endpoint).where(Endpoint.id == endpoint_id)
    found = await ctx.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound
    return found


async def deliveries(
    ctx: Ctx, *, endpoint_id: UUID, state: str = "", after: UUID | None = None, limit: int = PAGE
) -> Sequence[Delivery]:
    """The log, newest first."""
    statement = select(Delivery).where(Delivery.endpoint_id == endpoint_id)
    if state:
        statement = statement.where(Delivery.state == state)
    if after is not None:
        statement = statement.where(Delivery.id < after)
    return (await ctx.session.scalars(statement.order_by(Delivery.id.desc()).limit(limit))).all()


async def delivery(ctx: Ctx, delivery_id: UUID) -> Delivery:
    """One delivery; raises NotFound."""
    found = await ctx.session.get(Delivery, delivery_id)
    if found is None:
        raise NotFound
    return found


async def attempts(ctx: Ctx, delivery_id: UUID) -> Sequence[Attempt]:
    """The tries of a delivery, newest first."""
    statement = select(Attempt).where(Attempt.delivery_id == delivery_id).order_by(Attempt.id.desc())
    return (await ctx.session.scalars(statement.limit(100))).all()


async def waiting(ctx: Ctx, endpoint_id: UUID) -> dict[str, int]:
    """How much waits, by state, counted to a thousand."""
    found = {}
    for state in ("pending", "held", "failed"):
        some = select(literal(1)).where(Delivery.endpoint_id == endpoint_id, Delivery.state == state)
        counted = select(func.count()).select_from(some.limit(COUNT_MOST).subquery())
        found[state] = int(await ctx.session.scalar(counted) or 0)
    return found


async def bodies(
    ctx: Ctx, found: Sequence[Delivery], reader: Actor | None = None
) -> dict[UUID, dict[str, Any]]:
    """What is to be sent for deliveries; without those whose event was erased or whose module is switched off.

    With a reader, without those of which he may not know.
    """
    made = {one.id: one.payload for one in found if one.payload is not None}
    asked = {one.message_id: one.id for one in found if one.payload is None}
    offered = choosing.offered(ctx)
    kept = [
        event
        for event in (await events.find_all(ctx.session, list(asked)) if asked else ())
        if event.name in offered and not event.is_erased
    ]
    for event in await rights.seen(ctx, reader, kept) if reader else kept:
        made[asked[event.id]] = message.payload(event)
    return made


async def due(ctx: Ctx, endpoint: Endpoint, now: datetime, limit: int) -> Sequence[Delivery]:
    """What is to be sent now, the longest due first; of a paused endpoint the tests alone."""
    statement = _open(endpoint).where(Delivery.next_at <= now)
    return (await ctx.session.scalars(statement.order_by(Delivery.next_at, Delivery.id).limit(limit))).all()


async def next_due(ctx: Ctx, endpoint: Endpoint) -> datetime | None:
    """When there is something to send next."""
    statement = _open(endpoint).with_only_columns(Delivery.next_at).order_by(Delivery.next_at).limit(1)
    found: datetime | None = await ctx.session.scalar(statement)
    return found


def _open(endpoint: Endpoint) -> Any:
    # Written out, for a prepared plan uses the index of what is pending only where it can see that this is meant.
    pending = Delivery.state == literal_column("'pending'")
    statement = select(Delivery).where(Delivery.endpoint_id == endpoint.id, pending)
    return statement if endpoint.state == "active" else statement.where(Delivery.is_test)


async def some(
    ctx: Ctx,
    endpoint_id: UUID,
    since: datetime,
    until: datetime,
    *,
    states: Sequence[str],
    after: UUID | None,
) -> Sequence[UUID]:
    """Deliveries made between two instants, in pages."""
    statement = select(Delivery.id).where(
        Delivery.endpoint_id == endpoint_id,
        Delivery.state.in_(states),
        Delivery.created_at >= since,
        Delivery.created_at < until,
    )
    if after is not None:
        statement = statement.where(Delivery.id > after)
    return (await ctx.session.scalars(statement.order_by(Delivery.id).limit(500))).all()
