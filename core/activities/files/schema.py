"""What is shown of files on records."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class FileOut(msgspec.Struct, kw_only=True):
    """A file as the API shows it; its content is at ``/files/{id}/content``."""

    id: UUID
    record_type: str
    record_id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    uploaded_by_id: UUID | None
    created_at: datetime


class FileList(msgspec.Struct, kw_only=True):
    """All files of a record, newest first."""

    data: list[FileOut]


def to_out(attachment: Any) -> FileOut:
    """Show a file as the API does."""
    return msgspec.convert(attachment, FileOut, from_attributes=True)
