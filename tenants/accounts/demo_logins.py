"""The logins of the demo workspaces, offered on the login page where this installation has them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

FILE = "demo.json"


async def demo_logins(home: Path) -> list[dict[str, Any]]:
    """The demo workspaces with the people one can come in as; none where no demo was made."""
    return await asyncio.to_thread(_read, home / FILE)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_bytes())["workspaces"]
        return [{"name": one["name"], "slug": one["slug"], "logins": one["logins"]} for one in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []
