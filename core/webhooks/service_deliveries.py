"""The verbs of deliveries: fan events out, try a webhook with made-up ones, send again, forget what is old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.kernel.errors import Conflict, Invalid
from core.kernel.events import Stored
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.ctx import Ctx
from core.webhooks import choosing, conditions, message, queries, rights, service
from core.webhooks.models import Delivery, Endpoint
from core.webhooks.schema import ResendIn, TryIn

RESEND: Final = "webhooks.resend"
MOST_SAMPLES: Final = 30
STATES: Final = {"failed": ("failed", "skipped"), "all": ("failed", "skipped", "delivered")}


class ResendParams(msgspec.Struct, frozen=True, kw_only=True):
    """What to send again."""

    endpoint_id: UUID
    since: datetime
    until: datetime
    which: str


async def fan_out(ctx: Ctx, events: Sequence[Stored]) -> None:
    """Make a delivery of each event for each endpoint that wants it and may know of it; once, however often called."""
    # The lock keeps a sender from looking for work between the moment the rows are made and their commit.
    statement = select(Endpoint).order_by(Endpoint.id).with_for_update(read=True, key_share=True)
    offered = choosing.offered(ctx)
    known = [event for event in events if event.name in offered and not event.is_erased]
    for endpoint in (await ctx.session.scalars(statement)).all():
        wanted = [event for event in known if _is_wanted(endpoint, event)]
        if not wanted:
            continue
        actor = await rights.reader(ctx, endpoint)
        if actor is None:
            # What may be told of it is decided when it is sent, by whoever answers for the endpoint then.
            await service.pause(ctx, endpoint, "rights")
        meant = wanted if actor is None else await rights.seen(ctx, actor, wanted)
        rows = [_row(ctx, endpoint, event) for event in meant]
        if rows:
            await ctx.session.execute(insert(Delivery).on_conflict_do_nothing(), rows)
        if rows and endpoint.state == "active":
            service.send(ctx, endpoint.id)


def _is_wanted(endpoint: Endpoint, event: Stored) -> bool:
    return (
        event.occurred_at >= endpoint.created_at
        and choosing.is_meant(event.name, endpoint.events)
        and conditions.fits(endpoint.conditions, event)
    )


def _row(ctx: Ctx, endpoint: Endpoint, event: Stored) -> dict[str, Any]:
    state = "pending" if endpoint.state == "active" else "held"
    named = {"message_id": event.id, "event_name": event.name, "label": event.label}
    return {**_new(ctx, endpoint), **named, "state": state}


def _new(ctx: Ctx, endpoint: Endpoint) -> dict[str, Any]:
    now = ctx.now()
    return {"id": uuid7(), "endpoint_id": endpoint.id, "next_at": now, "created_at": now, "updated_at": now}


async def try_out(ctx: Ctx, endpoint: Endpoint, data: TryIn) -> list[Delivery]:
    """Send made-up events: the named one, or each that is chosen. Each is tried once, also while paused."""
    chosen = choosing.meant(ctx, endpoint.events)
    if data.event and data.event not in chosen:
        raise Invalid.field("event", "event", N_("This webhook is not told of {name}."), name=data.event[:80])
    offered = choosing.offered(ctx)
    made = []
    for name in [data.event] if data.event else chosen[:MOST_SAMPLES]:
        message_id = uuid7()
        body = message.sample(ctx, offered[name], message_id)
        made.append(
            Delivery(
                **_new(ctx, endpoint),
                message_id=message_id,
                event_name=name,
                label=body["data"]["label"],
                payload=body,
                is_test=True,
            )
        )
    ctx.session.add_all(made)
    endpoint.rest_until = None
    await ctx.session.flush()
    service.send(ctx, endpoint.id)
    return made


async def resend(ctx: Ctx, delivery: Delivery) -> Delivery:
    """Send one again, under the same id: a receiver that has it already may leave it at that."""
    endpoint = await queries.endpoint(ctx, delivery.endpoint_id, lock=True)
    _is_open(endpoint)
    await _again(ctx, endpoint, [delivery.id])
    await ctx.session.refresh(delivery)
    return delivery


async def resend_some(ctx: Ctx, endpoint: Endpoint, data: ResendIn) -> UUID:
    """Have what was made between two instants sent again by a job; gives the job."""
    _is_open(endpoint)
    until = data.until or ctx.now()
    if data.since >= until:
        raise Invalid.field("since", "order", N_("The beginning must lie before the end."))
    return ctx.enqueue(
        RESEND,
        ResendParams(endpoint_id=endpoint.id, since=data.since, until=until, which=data.which),
        title=ctx.t(N_("Send to {place} again"), place=endpoint.description or endpoint.url),
    )


async def resend_page(ctx: Ctx, params: ResendParams, state: dict[str, Any]) -> None:
    """Send the next few hundred again; ``state`` says where it stands."""
    endpoint = await queries.endpoint(ctx, params.endpoint_id, lock=True)
    after = UUID(state["after"]) if state.get("after") else None
    states = STATES[params.which]
    found = await queries.some(ctx, endpoint.id, params.since, params.until, states=states, after=after)
    state["is_over"] = not found or endpoint.state != "active"
    if not state["is_over"]:
        await _again(ctx, endpoint, found)
        state.update(after=str(found[-1]), done=state.get("done", 0) + len(found))


async def _again(ctx: Ctx, endpoint: Endpoint, ids: Sequence[UUID]) -> None:
    await ctx.session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids))
        .values(state="pending", tries=0, next_at=ctx.now(), updated_at=ctx.now())
        .execution_options(synchronize_session=False)
    )
    endpoint.rest_until = None
    await ctx.session.flush()
    service.send(ctx, endpoint.id)


def _is_open(endpoint: Endpoint) -> None:
    if endpoint.state != "active":
        raise Conflict(detail=N_("This webhook is paused. Resume it first."))


async def expire(ctx: Ctx, limit: int = 5_000) -> int:
    """Forget deliveries that are older than the log reaches back; gives how many."""
    kept = timedelta(days=ctx.machinery.settings.webhook_log_days)
    old = select(Delivery.id).where(Delivery.created_at < ctx.now() - kept).limit(limit)
    done = await ctx.session.execute(delete(Delivery).where(Delivery.id.in_(old)).returning(Delivery.id))
    return len(done.all())
