"""All that answers a search: the index, and the sources that modules add."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import structlog

from core.ext.specs import Hit, SearchProvider
from core.search import queries
from core.tenancy.ctx import Ctx

log = structlog.get_logger(__name__)
QUERY_MAX: Final = 200


async def search(ctx: Ctx, query: str, *, types: Collection[str] = (), limit: int = 20) -> list[Hit]:
    """Ask the index and every module's own source; a source that fails is left out."""
    asked = query.replace("\x00", " ").strip()[:QUERY_MAX]
    if not asked:
        return []
    hits = await queries.find(ctx, asked, types=types, limit=limit)
    for provider in ctx.machinery.registry.serve(SearchProvider, ctx):
        try:
            async with ctx.session.begin_nested():
                more = await provider.find(ctx, asked, limit)
        except Exception:
            log.exception("search source failed", plugin=provider.plugin, request_id=ctx.request_id)
            continue
        hits += [hit for hit in more if not types or hit.record_type in types]
    return hits[:limit]
