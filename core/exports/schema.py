"""What is sent and shown of exports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.kernel.types import ShortText


class ExportIn(msgspec.Struct, kw_only=True):
    """Which list, by the query part of its address, filters, sort and columns included, and in which format."""

    record_type: ShortText
    query: Annotated[str, Meta(max_length=8_000)] = ""
    format: Literal["csv", "xlsx"] = "csv"


class ExportOut(msgspec.Struct, kw_only=True):
    """An export as the API shows it; ``is_ready`` when the file can be fetched."""

    id: UUID
    record_type: str
    query: str
    format: str
    file_name: str
    rows: int
    size_bytes: int | None
    is_ready: bool
    job_id: UUID | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


class ExportList(msgspec.Struct, kw_only=True):
    """A page of one's exports, newest first."""

    data: list[ExportOut]
    next: str | None = None
