"""What happens to files on records."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class FileAttached(Event, frozen=True, kw_only=True):
    """A file was put on a record."""

    name: ClassVar[str] = "file.attached"
    summary: ClassVar[str] = N_("A file was attached")

    media_type: str = ""
    size_bytes: int = 0


class FileRemoved(Event, frozen=True, kw_only=True):
    """A file was taken off a record."""

    name: ClassVar[str] = "file.removed"
    summary: ClassVar[str] = N_("A file was removed")
