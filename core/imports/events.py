"""What happens to imports."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class ImportFinished(Event, frozen=True, kw_only=True):
    """A file was imported to its end."""

    name: ClassVar[str] = "import.finished"
    summary: ClassVar[str] = N_("A file was imported")

    record_type_key: str
    created: int
    updated: int
    skipped: int
    failed: int


class ImportReverted(Event, frozen=True, kw_only=True):
    """What a file brought was taken back, as far as nobody had changed it since."""

    name: ClassVar[str] = "import.reverted"
    summary: ClassVar[str] = N_("An import was reverted")

    record_type_key: str
    reverted: int
    kept: int
