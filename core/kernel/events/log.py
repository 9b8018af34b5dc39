"""Reads a tenant's whole log, newest first: what an auditor sees.

Owns no table. Emits nothing. Pages by the events' ids, which follow the time of writing; a page that ended is
never added to but by transactions that were open when it was read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, null, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.events.feed import read_stored, stored
from core.kernel.events.models import EventLink, EventRow
from core.kernel.events.types import Stored
from core.kernel.ids import first_at


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which events: older than ``before``, written in ``[since, until)``, by whom, of what kind, about what."""

    before: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    member_id: UUID | None = None
    key_id: UUID | None = None
    record_type: str = ""
    record_id: UUID | None = None


async def log(session: AsyncSession, asked: LogQuery, *, limit: int) -> list[Stored]:
    """Read events, newest first; ``record_id`` finds also those that merely concern that record."""
    query = stored(null()).where(*conditions(asked, EventRow)).order_by(EventRow.id.desc()).limit(limit)
    if asked.record_id is not None:
        concerning = select(EventLink.event_id).where(EventLink.record_id == asked.record_id)
        if asked.record_type:
            concerning = concerning.where(EventLink.record_type == asked.record_type)
        query = query.where(EventRow.id.in_(concerning))
    elif asked.record_type:
        query = query.where(EventRow.record_type == asked.record_type)
    return await read_stored(session, query)


def conditions(asked: LogQuery, table: Any) -> list[ColumnElement[bool]]:
    """The conditions that any log of events with these columns has in common."""
    found: list[ColumnElement[bool]] = []
    if asked.before is not None:
        found.append(table.id < asked.before)
    if asked.since is not None:
        found.append(table.id >= first_at(asked.since))
    if asked.until is not None:
        found.append(table.id < first_at(asked.until))
    if asked.member_id is not None:
        found.append(table.member_id == asked.member_id)
    if asked.key_id is not None:
        found.append(table.key_id == asked.key_id)
    return found
