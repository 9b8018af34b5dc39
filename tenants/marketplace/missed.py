"""The events that a module missed while it was off: queued again as if they had just been told.

Owns no table. Never hands an event to a handler twice: receipts tell which it had.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core.ext.specs import Subscription
from core.kernel.ids import uuid7
from core.kernel.jobs import JobRun, subscriber_name
from core.kernel.texts import texts
from core.kernel.wake import JOBS
from core.tenancy.ctx import Ctx

MARGIN: Final = timedelta(days=1)
"""How long before the switch an event may have been told whose job had not ended yet."""
RECEIPTS: Final = timedelta(days=50)

PAGE: Final = 1_000
"""How many events are looked at and queued in one transaction."""

_SPAN = text("""
SELECT (SELECT min(position) - 1 FROM event_position WHERE event_id >= :since) AS after,
       (SELECT max(position) FROM event_position) AS until
""")
_MISSED = text("""
SELECT p.position, e.id FROM event e JOIN event_position p ON p.event_id = e.id
WHERE p.position > :after AND p.position <= :until AND (:name = '*' OR e.name = :name)
  AND NOT EXISTS (SELECT 1 FROM handled h WHERE h.source_id = e.id AND h.subscriber = :subscriber)
ORDER BY p.position LIMIT :page
""")
_FORGET = text("DELETE FROM handled WHERE subscriber = :subscriber AND handled_at > :since")
_QUEUE = text("""
INSERT INTO cell.job (id, run_id, tenant_id, kind, name, event_id, params, actor)
SELECT id, id, CAST(:tenant_id AS uuid), 'event', :name, event_id, '{}', '{"kind": "system"}'
FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]), CAST(CAST(:event_ids AS text[]) AS uuid[])) AS j (id, event_id)
""")


async def catch_up(run: JobRun, subscriptions: Sequence[Subscription], since: datetime) -> None:
    """Queue for each handler the events since a moment that it has no receipt of, page by page."""
    for subscription in subscriptions:
        name = subscriber_name(subscription)
        while not run.state.get(name, {}).get("is_over"):
            number = run.state.get(name, {}).get("pages", 0)
            await run.step(f"{name}:missed:{number}", queue_missed, subscription, since, run.state)


async def queue_missed(ctx: Ctx, subscription: Subscription, since: datetime, state: dict[str, Any]) -> None:
    """Queue a handler's jobs for one more page of events; ``state`` says how far it is.

    What comes meanwhile is told as always, so the last event of all at the beginning is the end.
    """
    subscriber = subscriber_name(subscription)
    at = state.get(subscriber) or {"pages": 0, **(await _span(ctx, since))}
    values = {"name": subscription.event, "subscriber": subscriber, "page": PAGE}
    span = {"after": at["after"], "until": at["until"]}
    found = (await ctx.session.execute(_MISSED, {**values, **span})).all()
    if found:
        await ctx.session.execute(
            _QUEUE,
            {
                "tenant_id": ctx.tenant.id,
                "name": subscriber,
                "ids": texts(uuid7() for _ in found),
                "event_ids": texts(row.id for row in found),
            },
        )
        ctx.session.info.setdefault("wakes", set()).add(JOBS)
        at["after"] = found[-1].position
    state[subscriber] = {**at, "pages": at["pages"] + 1, "is_over": len(found) < PAGE}


async def forget_receipts(ctx: Ctx, subscriptions: Sequence[Subscription], since: datetime) -> None:
    """Forget what handlers did since a moment, as what came of it is gone."""
    for subscription in subscriptions:
        await ctx.session.execute(_FORGET, {"subscriber": subscriber_name(subscription), "since": since})


async def _span(ctx: Ctx, since: datetime) -> dict[str, int]:
    # Receipts are kept for two months: long after, only what was surely missed is told.
    margin = MARGIN if ctx.now() - since < RECEIPTS else timedelta()
    row = (await ctx.session.execute(_SPAN, {"since": earliest(since - margin)})).one()
    return {"after": 0, "until": -1} if row.after is None else {"after": row.after, "until": row.until}


def earliest(moment: datetime) -> UUID:
    """The smallest id that can have been made at a moment: ids begin with their milliseconds."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80))
