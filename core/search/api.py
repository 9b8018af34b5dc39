"""The JSON API of the search."""

from __future__ import annotations

from litestar import Controller

from core.kernel.errors import Invalid
from core.kernel.i18n import N_
from core.search import queries, sources
from core.search.schema import Found, Results
from core.tenancy.ctx import Ctx
from core.web.request import SIGNED_IN
from core.web.routing import get


class SearchApi(Controller):
    """Finds records of any type by name, pinyin, initials, phone, e-mail or number."""

    path = "/search"
    tags = ("Search",)

    @get("/", permission=SIGNED_IN)
    async def search(self, ctx: Ctx, q: str, types: str = "", limit: int = 20) -> Results:
        """Find the best hits; `types` names record types, with commas between."""
        if not 1 <= limit <= queries.LIMIT:
            text = N_("This must be a whole number from 1 to {most}.")
            raise Invalid.field("limit", "range", text, most=queries.LIMIT)
        chosen = [one for one in types.split(",") if one]
        hits = await sources.search(ctx, q, types=chosen, limit=limit)
        return Results(data=[Found.of(hit, ctx.w(hit.url) if hit.url else "") for hit in hits])
