"""What is sent and shown of requests about people's data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.kernel.i18n import N_
from core.kernel.types import ShortText


class RecordRef(msgspec.Struct, frozen=True):
    """A record by its type and id."""

    record_type: ShortText
    record_id: UUID


class DataRequestIn(msgspec.Struct, kw_only=True):
    """What is to be done with whose data.

    ``also`` are further records that are the same person; ``confirm`` is the record's name, typed, to erase.
    """

    kind: Literal["export", "restrict", "erase"]
    record_type: Literal["contact", "customer", "lead"]
    record_id: UUID
    also: Annotated[list[RecordRef], Meta(max_length=50)] = []
    confirm: Annotated[ShortText, Meta(title=N_("Name"))] = ""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of one kind there are about a person; ``is_unknown`` where the module failed to say it."""

    key: str
    title: str
    rows: int
    is_unknown: bool = False


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A record with the same address or number, which may be the same person."""

    record_type: str
    record_id: UUID
    label: str


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What there is about a person, and which records may be the same person."""

    label: str
    held: list[Held]
    candidates: list[Candidate]


class DataRequestOut(msgspec.Struct, kw_only=True):
    """A request as the API shows it; ``is_ready`` when there is a file to fetch."""

    id: UUID
    kind: str
    state: str
    record_type: str
    record_id: UUID
    label: str
    counts: dict[str, int]
    is_ready: bool
    size_bytes: int | None
    job_id: UUID | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


class DataRequestList(msgspec.Struct, kw_only=True):
    """A page of requests, newest first."""

    data: list[DataRequestOut]
    next: str | None = None
