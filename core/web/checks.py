"""Whether the pages can be shown: what `guanxi doctor` asks of the browser files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parent / "static" / "vendor"


async def file_problems(runtime: Any) -> list[str]:
    """Say which browser files are missing from this installation."""
    return missing(VENDOR)


def missing(folder: Path) -> list[str]:
    """The files that the list of browser files names and the folder lacks."""
    try:
        listed = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return [f"{folder} has no list of browser files; `make setup` fetches them"]
    lacking = [folder / name for name in listed["files"] if not (folder / name).exists()]
    return [f"{path} is missing; `make setup` fetches it" for path in lacking]
