"""The board of leads: its page, more cards of a column, moving and dropping cards, and undoing that."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar import Controller, Request, Response

from core.kernel.errors import Invalid
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.pipeline import boards
from core.pipeline.leads import board, queries, service
from core.pipeline.leads.asked import ask_what_becomes, ask_why
from core.pipeline.leads.board import LeadBoard
from core.pipeline.leads.models import Lead
from core.pipeline.leads.records import LEAD
from core.pipeline.leads.schema import LeadPatch
from core.records import lists
from core.records.etag import check_version
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import redirect, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]


class BoardPages(Controller):
    """The board of leads."""

    path = "/leads/board"
    include_in_schema = False

    @get("/", permission="leads.view")
    async def show(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show the board; filters are those of the list of leads."""
        page = await board.load(ctx, list(request.query_params.multi_items()))
        return boards.shown(ctx, request, page, "leads/board.html")

    @get("/statuses/{status:str}", permission="leads.view")
    async def more(
        self, ctx: Ctx, request: Any_, status: Literal["new", "contacted", "qualified"]
    ) -> Response[Any]:
        """Show the next cards of a column."""
        page = LeadBoard.asked(ctx, list(request.query_params.multi_items()))
        found = await queries.column(ctx, status, page.query, page.query.cursor)
        await page.fill(found.items)
        drawer = page.cards
        cards = [board.drawn(drawer, lead) for lead in found.items]
        url = page.more_url(f"statuses/{status}", found.next_cursor)
        return boards.more(ctx, request, cards, {"key": status, "more_url": url})


class MovePages(Controller):
    """What happens to one card."""

    path = "/leads/{record_id:uuid}"
    include_in_schema = False

    @post("/move", permission="leads.edit")
    async def move(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Give a lead the status it was dropped on; where that ends it, ask for what is to be said."""
        lead: Lead = await lists.get(ctx, LEAD, record_id, action="edit")
        sent = await form_values(request)
        if sent.get("version"):
            check_version(str(sent["version"]), lead)
        service.must_be_open(lead)
        goal, reason = sent.get("stage"), sent.get("unqualified_reason")
        if goal == "converted":
            return boards.held(await ask_what_becomes(ctx, request, lead))
        if goal != "unqualified":
            return await _given(ctx, request, lead, convert(LeadPatch, {"status": goal}))
        if reason is None:
            return boards.held(ask_why(ctx, request, lead))
        try:
            patch = convert(LeadPatch, {"status": goal, "unqualified_reason": reason or None})
        except Invalid as error:
            return ask_why(ctx, request, lead, error=error, sent=sent)
        return await _given(ctx, request, lead, patch)

    @post("/put-back", permission="leads.edit")
    async def put_back(
        self, ctx: Ctx, request: Any_, record_id: UUID, status: str, reason: str = ""
    ) -> Response[Any]:
        """Undo a move or an ending."""
        lead: Lead = await lists.get(ctx, LEAD, record_id, action="edit")
        patch = convert(LeadPatch, {"status": status, "unqualified_reason": reason or None})
        await service.update(ctx, lead, patch)
        said = ctx.t(N_("{lead} is back where it was."), lead=lead.name)
        return toast(await _answer(ctx, request, lead), said)


async def _given(ctx: Ctx, request: Any_, lead: Lead, patch: LeadPatch) -> Response[Any]:
    """Give a lead its new status, and say so with a way back."""
    former = {"status": lead.status, "reason": lead.unqualified_reason or ""}
    await service.update(ctx, lead, patch)
    said = ctx.t(N_("{lead} is now in {status}."), lead=lead.name, status=ctx.t(board.TITLES[lead.status]))
    undo = place(ctx, LEAD, f"/{lead.id}/put-back?{urlencode(former)}")
    is_moved = lead.status in queries.OPEN and boards.on_board(ctx, request, LEAD)
    answer = _moved(ctx, request, lead, former["status"]) if is_moved else _answer(ctx, request, lead)
    return toast(await answer, said, undo_url=undo)


async def _answer(ctx: Ctx, request: Any_, lead: Lead) -> Response[Any]:
    """The board again as it was looked at, or the page of the lead."""
    if not boards.on_board(ctx, request, LEAD):
        return redirect(request, place(ctx, LEAD, f"/{lead.id}"))
    return boards.whole(ctx, request, await board.load(ctx, boards.question(request)))


async def _moved(ctx: Ctx, request: Any_, lead: Lead, former: str) -> Response[Any]:
    """The card and the heads of the two columns that changed."""
    page = LeadBoard.asked(ctx, boards.question(request))
    counts = await queries.counts(ctx, page.query)
    await page.fill([lead])
    changed = {lead.status, former} if lead.status != former else set()
    heads = [board.head(status, counts.get(status, 0)) for status in queries.OPEN if status in changed]
    return boards.moved(ctx, request, board.drawn(page.cards, lead), heads)
