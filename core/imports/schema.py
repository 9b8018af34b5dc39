"""What is sent and shown of imports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import ShortText

Rule = Literal["skip", "update", "create"]
Start = Literal["check", "run"]
Fields = Annotated[list[str], Meta(max_length=200)]
MAX_PASTE = 5_000_000


class ImportIn(msgspec.Struct, kw_only=True):
    """A new import of pasted or sent text; files come as multipart form data with the same fields.

    ``mapping`` names the field of each column, '' for none; left out, it is remembered or guessed.
    """

    record_type: ShortText
    text: Annotated[str, Meta(max_length=MAX_PASTE, title=N_("Pasted rows"))] = ""
    name: ShortText = ""
    mapping: Fields | UnsetType = UNSET
    rule: Rule | UnsetType = UNSET
    match: Fields | UnsetType = UNSET
    create_missing: bool = False
    start: Start | None = None


class ImportPatch(msgspec.Struct, kw_only=True):
    """How the file is to be read; possible until it runs."""

    mapping: Fields | UnsetType = UNSET
    rule: Rule | UnsetType = UNSET
    match: Fields | UnsetType = UNSET
    create_missing: bool | UnsetType = UNSET
    has_header: bool | UnsetType = UNSET


class ImportOut(msgspec.Struct, kw_only=True):
    """An import as the API shows it; after a check the counts say what a run would do."""

    id: UUID
    record_type: str
    state: str
    file_name: str
    size_bytes: int
    about: dict[str, Any]
    columns: list[str]
    mapping: list[str]
    has_header: bool
    rule: str
    match: list[str]
    create_missing: bool
    total: int
    created: int
    updated: int
    skipped: int
    failed: int
    reverted: int
    kept: int
    job_id: UUID | None
    owner_id: UUID | None
    created_at: datetime
    finished_at: datetime | None
    version: int


class ImportList(msgspec.Struct, kw_only=True):
    """A page of imports, newest first."""

    data: list[ImportOut]
    next: str | None = None
