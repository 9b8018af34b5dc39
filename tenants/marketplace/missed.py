"""The events that a module missed while it was off: queued again as if they had just been told.

Owns no table. Never hands an event to a handler twice: receipts tell which it had.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from core.ext.specs import Subscription
from core.kernel.ids import uuid7
from core.kernel.jobs import subscriber_name
from core.kernel.texts import texts
from core.kernel.wake import JOBS
from core.tenancy.ctx import Ctx

MARGIN: Final = timedelta(days=1)
"""How long before the switch an event may have been told whose job had not ended yet."""
RECEIPTS: Final = timedelta(days=50)

_MISSED = text("""
SELECT e.id FROM event e JOIN event_position p ON p.event_id = e.id
WHERE p.position >= (SELECT min(position) FROM event_position WHERE event_id >= :since)
  AND (:name = '*' OR e.name = :name)
  AND NOT EXISTS (SELECT 1 FROM handled h WHERE h.source_id = e.id AND h.subscriber = :subscriber)
ORDER BY p.position
""")
_QUEUE = text("""
INSERT INTO cell.job (id, run_id, tenant_id, kind, name, event_id, params, actor)
SELECT id, id, CAST(:tenant_id AS uuid), 'event', :name, event_id, '{}', '{"kind": "system"}'
FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]), CAST(CAST(:event_ids AS text[]) AS uuid[])) AS j (id, event_id)
""")


async def queue_missed(ctx: Ctx, subscription: Subscription, since: datetime) -> int:
    """Queue a handler's jobs for the events since a moment that it has no receipt of; gives how many."""
    subscriber = subscriber_name(subscription)
    # Receipts are kept for two months: long after, only what was surely missed is told.
    margin = MARGIN if ctx.now() - since < RECEIPTS else timedelta()
    values = {"since": earliest(since - margin), "name": subscription.event, "subscriber": subscriber}
    found = (await ctx.session.scalars(_MISSED, values)).all()
    if found:
        await ctx.session.execute(
            _QUEUE,
            {
                "tenant_id": ctx.tenant.id,
                "name": subscriber,
                "ids": texts(uuid7() for _ in found),
                "event_ids": texts(found),
            },
        )
        ctx.session.info.setdefault("wakes", set()).add(JOBS)
    return len(found)


def earliest(moment: datetime) -> UUID:
    """The smallest id that can have been made at a moment: ids begin with their milliseconds."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80))
