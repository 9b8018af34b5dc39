"""What is asked of the audit log, and how its entries are shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

Source = Literal["workspace", "account"]


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries: by which member or key, about which kind of thing or which one, in which days."""

    who: UUID | None = None
    key: UUID | None = None
    what: str = ""
    record: UUID | None = None
    since: date | None = None
    until: date | None = None


class AuditExportIn(msgspec.Struct, kw_only=True):
    """Which entries, by the query part of the log's address: ``what=customer&since=2026-01-01``."""

    query: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


class AuditChange(msgspec.Struct, kw_only=True):
    """A changed field in the reader's words."""

    field: str
    title: str
    before: str
    after: str


class AuditEntry(msgspec.Struct, kw_only=True):
    """Something that happened; ``source`` says whether in the workspace or to it (logins, keys, plan).

    ``address`` is known of the latter alone.
    """

    id: UUID
    at: datetime
    source: Source
    event: str
    title: str
    actor_kind: str
    actor: str
    member_id: UUID | None
    key_id: UUID | None
    record_type: str
    record_id: UUID
    label: str
    address: str
    request_id: str
    changes: list[AuditChange]
    data: dict[str, Any]


class AuditPage(msgspec.Struct, kw_only=True):
    """Entries, newest first; ``next`` is the value of ``after`` for the next page."""

    data: list[AuditEntry]
    next: UUID | None
