"""Where the files of archives lie, and of those that are brought."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from uuid import UUID

from core.runtime import Runtime

FOLDER: Final = "archives"
BROUGHT: Final = "imports"


def place(runtime: Runtime, archive_id: UUID) -> Path:
    """The file of an archive."""
    return runtime.settings.home / FOLDER / f"{archive_id}.zip"


def brought(runtime: Runtime, import_id: UUID) -> Path:
    """The file that somebody brought, until a workspace is made of it."""
    return runtime.settings.home / BROUGHT / f"{import_id}.zip"
