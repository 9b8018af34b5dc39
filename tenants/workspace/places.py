"""Where the files of archives lie."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from uuid import UUID

from core.runtime import Runtime

FOLDER: Final = "archives"


def place(runtime: Runtime, archive_id: UUID) -> Path:
    """The file of an archive."""
    return runtime.settings.home / FOLDER / f"{archive_id}.zip"
