"""The page of results, and what the command palette asks."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Controller, Request, Response

from core.records.shown import place
from core.search import palette, queries, sources
from core.tenancy.ctx import Ctx
from core.web.pages import render, target
from core.web.request import SIGNED_IN
from core.web.routing import get

Any_ = Request[Any, Any, Any]


class SearchPages(Controller):
    """Search for people: a page that can be linked, and the palette's answers."""

    path = "/"
    include_in_schema = False

    @get("/search", permission=SIGNED_IN)
    async def results(self, ctx: Ctx, request: Any_, q: str = "") -> Response[Any]:
        """Show the best hits by type, each with the way to its list."""
        query = q.strip()[: sources.QUERY_MAX]
        hits = await sources.search(ctx, query, limit=queries.LIMIT)
        groups = [
            (title, entries, _list(ctx, entries, query)) for title, entries in palette.grouped(ctx, hits)
        ]
        template = "search/results.html" if target(request) == "results" else "search/page.html"
        return render(ctx, request, template, q=query, groups=groups)

    @get("/palette", permission=SIGNED_IN)
    async def palette(self, ctx: Ctx, request: Any_, q: str = "") -> Response[Any]:
        """Answer what was typed into the palette."""
        query = q.strip()[: sources.QUERY_MAX]
        return render(ctx, request, "search/palette.html", q=query, groups=await palette.offered(ctx, query))


def _list(ctx: Ctx, entries: list[dict[str, Any]], query: str) -> str:
    """The list of a group's type, asked the same; '' where it has none."""
    type_ = ctx.machinery.registry.records.get(entries[0]["type"])
    return f"{place(ctx, type_)}?{urlencode({'q': query})}" if type_ and type_.pages else ""
