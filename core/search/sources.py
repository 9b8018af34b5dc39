"""What a search asks for, cleaned of what nobody means."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from core.ext.specs import Hit
from core.search import queries
from core.tenancy.ctx import Ctx

QUERY_MAX: Final = 200


async def search(ctx: Ctx, query: str, *, types: Collection[str] = (), limit: int = 20) -> list[Hit]:
    """Ask the index; an empty question finds nothing."""
    asked = query.replace("\x00", " ").strip()[:QUERY_MAX]
    return await queries.find(ctx, asked, types=types, limit=limit) if asked else []
