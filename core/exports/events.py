"""What happens to exports."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class ExportFinished(Event, frozen=True, kw_only=True):
    """Records left the workspace as a file."""

    name: ClassVar[str] = "export.finished"
    summary: ClassVar[str] = N_("Records were exported")

    record_type_key: str
    query: str
    rows: int
