"""Reads events back: the timeline of a record, the history of a field, the change feed.

Owns no table. Emits nothing. Never pages the feed by id or time: ids follow creation, positions follow
commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, Select, func, literal, null, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.events.models import EventBody, EventLink, EventPosition, EventRow
from core.kernel.events.types import ActorRef, Stored

COLUMNS = (
    EventRow.id,
    EventRow.name,
    EventRow.version,
    EventRow.record_type,
    EventRow.record_id,
    EventRow.request_id,
    EventRow.actor_kind,
    EventRow.member_id,
    EventRow.key_id,
    EventBody.actor_name,
    EventBody.label,
    EventBody.changes,
    EventBody.data,
    EventBody.links,
    EventBody.erased_at,
)


class Moment(NamedTuple):
    """Where a page of a timeline ended."""

    occurred_at: datetime
    event_id: UUID


async def changes(
    session: AsyncSession, after: int = 0, limit: int = 100, *, record_types: Sequence[str] | None = None
) -> list[Stored]:
    """The tenant's events behind a position, in order.

    An event never appears before one that was given out.
    """
    query = (
        stored(EventPosition.position)
        .join(EventPosition, EventPosition.event_id == EventRow.id)
        .where(EventPosition.position > after)
        .order_by(EventPosition.position)
        .limit(limit)
    )
    if record_types is not None:
        query = query.where(EventRow.record_type.in_(record_types))
    return await read_stored(session, query)


async def head(session: AsyncSession) -> int:
    """The last position given so far, 0 before the first event."""
    return await session.scalar(select(func.coalesce(func.max(EventPosition.position), 0))) or 0


async def timeline(
    session: AsyncSession,
    record_type: str,
    record_id: UUID,
    *,
    before: Moment | None = None,
    limit: int = 50,
    names: Sequence[str] | None = None,
) -> list[Stored]:
    """The events that concern a record, newest first, older than ``before``; by keyset.

    ``occurred_at`` is the event's place on the timeline: when it happened, not when it was told.
    """
    query = (
        stored(null(), EventLink.occurred_at)
        .join(EventLink, EventLink.event_id == EventRow.id)
        .where(EventLink.record_type == record_type, EventLink.record_id == record_id)
        .order_by(EventLink.occurred_at.desc(), EventLink.event_id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(EventLink.occurred_at, EventLink.event_id) < tuple_(*map(literal, before)))
    if names is not None:
        query = query.where(EventLink.event_name.in_(names))
    return await read_stored(session, query)


async def history(
    session: AsyncSession, record_type: str, record_id: UUID, field: str, *, limit: int = 50
) -> list[Stored]:
    """The events that changed one field of a record, newest first."""
    query = (
        stored(null())
        .join(EventLink, EventLink.event_id == EventRow.id)
        .where(
            EventLink.record_type == record_type,
            EventLink.record_id == record_id,
            EventRow.record_id == record_id,
            func.jsonb_exists(EventBody.changes, field),
        )
        .order_by(EventLink.occurred_at.desc(), EventLink.event_id.desc())
        .limit(limit)
    )
    return await read_stored(session, query)


async def find(session: AsyncSession, event_id: UUID) -> Stored | None:
    """One event with its position, if it exists."""
    query = (
        stored(EventPosition.position)
        .outerjoin(EventPosition, EventPosition.event_id == EventRow.id)
        .where(EventRow.id == event_id)
    )
    found = await read_stored(session, query)
    return found[0] if found else None


async def find_all(session: AsyncSession, event_ids: Sequence[UUID]) -> list[Stored]:
    """Several events with their positions, in the order of their commits."""
    query = (
        stored(EventPosition.position)
        .outerjoin(EventPosition, EventPosition.event_id == EventRow.id)
        .where(EventRow.id.in_(event_ids))
        .order_by(EventPosition.position)
    )
    return await read_stored(session, query)


def stored(position: Any, occurred_at: Any = EventRow.occurred_at) -> Select[Any]:
    """The query of events with their bodies, to be narrowed and ordered."""
    return (
        select(*COLUMNS, position.label("position"), occurred_at.label("occurred_at"))
        .select_from(EventRow)
        .join(EventBody, EventBody.event_id == EventRow.id)
    )


async def read_stored(session: AsyncSession, query: Select[Any]) -> list[Stored]:
    """Run such a query."""
    return [_as_stored(row) for row in await session.execute(query)]


def _as_stored(row: Row[Any]) -> Stored:
    return Stored(
        id=row.id,
        name=row.name,
        version=row.version,
        record_type=row.record_type,
        record_id=row.record_id,
        occurred_at=row.occurred_at,
        actor=ActorRef(
            kind=row.actor_kind, member_id=row.member_id, key_id=row.key_id, name=row.actor_name or ""
        ),
        request_id=row.request_id,
        position=row.position,
        label=row.label or "",
        changes=row.changes or {},
        data=row.data or {},
        links=tuple((kind, UUID(record_id)) for kind, record_id in row.links or ()),
        is_erased=row.erased_at is not None,
    )
