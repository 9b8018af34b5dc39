"""What the sender writes: takes an endpoint for itself, and notes what came of each call.

Owns ``sender_*``, ``wake_at``, ``rest_until`` and the counters of an endpoint. They are written past the record's
version: whoever changes an endpoint meanwhile must not be told that it changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, insert, or_, select, update

from core.kernel.ids import uuid7
from core.tenancy.ctx import Actor, Ctx
from core.webhooks import message, queries, rights, schedule, service, signing
from core.webhooks.models import Attempt, Delivery, Endpoint

BATCH: Final = 250
WIDTH: Final = 4
"""How many calls one endpoint gets at once."""
LEASE: Final = timedelta(seconds=60)
SOON: Final = timedelta(seconds=1)
"""The queue goes by the database's clock, which may be a little ahead of ours."""
GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Due:
    """A message to send now."""

    delivery_id: UUID
    message_id: str
    body: bytes
    tries: int
    is_test: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sender does next: where to, signed by which secrets, what, and how much of it at once."""

    url: str
    secrets: list[str]
    due: list[Due]
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one call."""

    due: Due
    at: datetime
    url: str
    request_headers: dict[str, str]
    duration_ms: int
    status: int | None = None
    error: str = ""
    headers: dict[str, str]
    body: str = ""
    retry_after_s: int = 0

    @property
    def is_success(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


async def plan(ctx: Ctx, endpoint_id: UUID, sender_id: UUID, *, is_last: bool = False) -> Plan | None:
    """Take an endpoint and what is due for it; None where there is nothing to do, or another sender does it.

    With ``is_last`` the sender gives its slot back: what is due is left to a job that others may overtake.
    """
    endpoint = await _locked(ctx, endpoint_id)
    now = ctx.now()
    if endpoint is None or _is_taken(endpoint, sender_id, now):
        return None
    if not signing.opens(ctx, endpoint):
        await service.pause(ctx, endpoint, "copied")
        await _skip(ctx, Delivery.endpoint_id == endpoint.id, Delivery.state == "pending")
        is_last = True
    reader = await rights.reader(ctx, endpoint)
    if reader is None:
        await service.pause(ctx, endpoint, "rights")
    found = [] if is_last or _rests(endpoint, now) else await _due(ctx, endpoint, reader, now)
    if not found:
        await _let_go(ctx, endpoint, now)
        return None
    await _note(ctx, endpoint.id, sender_id=sender_id, sender_until=now + LEASE)
    calm = endpoint.failures >= schedule.CALM_AFTER
    return Plan(
        url=endpoint.url,
        secrets=signing.living(ctx, endpoint),
        due=found[:1] if calm else found,
        width=1 if endpoint.failures else WIDTH,
    )


async def wake(ctx: Ctx, endpoint_id: UUID) -> None:
    """Note that the job that was left to come back has come, be it too early: another has to be left."""
    await _note(ctx, endpoint_id, wake_at=None)


def _is_taken(endpoint: Endpoint, sender_id: UUID, now: datetime) -> bool:
    others = endpoint.sender_id not in (None, sender_id)
    return others and endpoint.sender_until is not None and endpoint.sender_until > now


def _rests(endpoint: Endpoint, now: datetime) -> bool:
    return endpoint.rest_until is not None and endpoint.rest_until > now + SOON


async def _due(ctx: Ctx, endpoint: Endpoint, reader: Actor | None, now: datetime) -> list[Due]:
    # Asked again here: what waits may have been meant for the eyes of somebody who answered for the endpoint before.
    while found := await queries.due(ctx, endpoint, now + SOON, BATCH):
        bodies = await queries.bodies(ctx, found, reader)
        lost = [one.id for one in found if one.id not in bodies]
        if lost:
            await _skip(ctx, Delivery.id.in_(lost))
        if bodies:
            return [
                Due(one.id, str(one.message_id), message.encoded(bodies[one.id]), one.tries, one.is_test)
                for one in found
                if one.id in bodies
            ]
    return []


async def _skip(ctx: Ctx, *which: ColumnElement[bool]) -> None:
    skipped = update(Delivery).where(*which).values(state="skipped")
    await ctx.session.execute(skipped.execution_options(synchronize_session=False))


async def _let_go(ctx: Ctx, endpoint: Endpoint, now: datetime) -> None:
    """Leave the endpoint to the next sender, and have it come when there is something to do."""
    following = await queries.next_due(ctx, endpoint)
    values: dict[str, Any] = {"sender_id": None, "sender_until": None}
    if following is not None:
        at = max(following, endpoint.rest_until or following)
        if at <= now + SOON:
            service.send(ctx, endpoint.id)
        elif endpoint.wake_at is None or endpoint.wake_at <= now + SOON or at < endpoint.wake_at:
            params = service.DeliverParams(endpoint_id=endpoint.id, is_wake=True)
            ctx.enqueue(service.DELIVER, params, run_at=at)
            values["wake_at"] = at
    await _note(ctx, endpoint.id, **values)


async def record(ctx: Ctx, endpoint_id: UUID, sender_id: UUID, outcomes: Sequence[Outcome]) -> bool:
    """Write down what came of calls and decide what follows; False where the sender must ask anew what to send.

    Pauses an endpoint that is gone, or that failed at a whole schedule without a success in between.
    """
    endpoint = await _locked(ctx, endpoint_id)
    if endpoint is None:
        return False
    now = ctx.now()
    await _write(ctx, [_after(one, endpoint, now) for one in outcomes], outcomes)
    failures, reason = await _count(ctx, endpoint, outcomes, now)
    if reason:
        await service.pause(ctx, endpoint, reason)
    is_mine = endpoint.state == "active" and endpoint.sender_id == sender_id
    return is_mine and failures < schedule.CALM_AFTER


async def _write(ctx: Ctx, rows: Sequence[dict[str, Any]], outcomes: Sequence[Outcome]) -> None:
    table = Delivery.__table__
    statement = (
        update(table)  # type: ignore[arg-type]
        .where(table.c.id == bindparam("of_id"), or_(table.c.state == "pending", table.c.state == "held"))
        .values({name: bindparam(f"to_{name}") for name in rows[0] if name != "id"})
    )
    connection = await ctx.session.connection()
    await connection.execute(
        statement, [{("of_id" if name == "id" else f"to_{name}"): row[name] for name in row} for row in rows]
    )
    await ctx.session.execute(
        insert(Attempt),
        [
            {
                "id": uuid7(),
                "delivery_id": one.due.delivery_id,
                "at": one.at,
                "url": one.url,
                "request_headers": one.request_headers,
                "duration_ms": one.duration_ms,
                "status": one.status,
                "error": one.error,
                "headers": one.headers,
                "body": one.body,
            }
            for one in outcomes
        ],
    )


def _after(outcome: Outcome, endpoint: Endpoint, now: datetime) -> dict[str, Any]:
    """What a delivery is after a call; one that has to be tried again waits where the endpoint was paused meanwhile."""
    tries = outcome.due.tries + 1
    wait = None if outcome.due.is_test else schedule.delay(tries, outcome.retry_after_s)
    open_state = "pending" if endpoint.state == "active" else "held"
    state = "delivered" if outcome.is_success else "failed" if wait is None else open_state
    return {
        "id": outcome.due.delivery_id,
        "state": state,
        "tries": tries,
        "next_at": now + wait if wait is not None else now,
        "last_status": outcome.status,
        "last_error": outcome.error,
        "delivered_at": now if outcome.is_success else None,
        "updated_at": now,
    }


async def _count(ctx: Ctx, endpoint: Endpoint, outcomes: Sequence[Outcome], now: datetime) -> tuple[int, str]:
    """Keep the endpoint's counters; gives its failures in a row, and why it must be paused, or nothing."""
    failures, since, success = endpoint.failures, endpoint.failing_since, endpoint.last_success_at
    reason = ""
    for one in (one for one in outcomes if not one.due.is_test):
        if one.is_success:
            failures, since, success = 0, None, now
            continue
        failures, since = failures + 1, since or one.at
        is_exhausted = one.due.tries + 1 >= schedule.TRIES
        if one.status == GONE:
            reason = "gone"
        elif now - since >= (schedule.LEAST if is_exhausted else schedule.GIVE_UP):
            reason = reason or "failing"
    rest = schedule.calm(failures)
    await _note(
        ctx,
        endpoint.id,
        failures=failures,
        failing_since=since,
        last_success_at=success,
        rest_until=now + rest if rest else None,
        sender_until=now + LEASE,
    )
    return failures, reason


async def _locked(ctx: Ctx, endpoint_id: UUID) -> Endpoint | None:
    statement = select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update()
    found: Endpoint | None = await ctx.session.scalar(statement)
    return found


async def _note(ctx: Ctx, endpoint_id: UUID, **values: Any) -> None:
    statement = update(Endpoint).where(Endpoint.id == endpoint_id).values(**values)
    await ctx.session.execute(statement.execution_options(synchronize_session=False))
