"""Blanks the values of events about a person; that something happened, when and by whose hand stays.

Finds them with the tenant's rights and blanks them with the worker's: a tenant's log is append-only to the tenant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.events.models import EventBody
from core.kernel.texts import texts

BATCH: Final = 1_000
NOTHING: Final = dict.fromkeys(("salt", "label", "actor_name", "changes", "data", "links"))
_FIND = text("""
WITH own AS (
    SELECT * FROM unnest(CAST(:types AS text[]), CAST(CAST(:ids AS text[]) AS uuid[])) AS o (record_type, record_id)
)
SELECT e.id
FROM event e JOIN event_body b ON b.event_id = e.id
WHERE b.erased_at IS NULL
  AND (e.record_type = ANY(CAST(:lists AS text[]))
       OR e.id IN (SELECT l.event_id FROM event_link l JOIN own USING (record_type, record_id)))
  AND (e.record_type <> ALL(CAST(:others AS text[]) || CAST(:lists AS text[]))
       OR (e.record_type, e.record_id) IN (SELECT record_type, record_id FROM own)
       OR concat_ws(' ', b.label, b.changes::text, b.data::text) ILIKE ANY(CAST(:patterns AS text[])))
ORDER BY e.id
""")


async def concerning(
    session: AsyncSession,
    records: Iterable[tuple[str, UUID]],
    *,
    words: Sequence[str],
    others: Sequence[str],
    lists: Sequence[str],
) -> list[UUID]:
    """The events of records that are not erased yet.

    Those whose subject is another record of a type in ``others`` count only where they mention one of the words, and
    so do all of the types in ``lists``, which belong to no record.
    """
    kinds, ids = zip(*records, strict=True)
    patterns = [
        "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" for word in words
    ]
    values = {
        "types": list(kinds),
        "ids": texts(ids),
        "others": list(others),
        "lists": list(lists),
        "patterns": patterns,
    }
    return list(await session.scalars(_FIND, values))


async def erase(session: AsyncSession, schema: str, event_ids: Sequence[UUID]) -> None:
    """Blank the values of events in a tenant's schema, with the worker's rights."""
    connection: Any = await session.connection()
    for start in range(0, len(event_ids), BATCH):
        some = event_ids[start : start + BATCH]
        blank = update(EventBody).where(EventBody.event_id.in_(some), EventBody.erased_at.is_(None))
        await connection.execute(
            blank.values(**NOTHING, erased_at=func.now()),
            execution_options={"schema_translate_map": {None: schema}},
        )
