"""The board: its page, more cards of a column, moving and dropping cards, and undoing that."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Controller, Request, Response

from core.kernel.errors import BadRequest, Invalid, NotFound
from core.kernel.i18n import N_
from core.pipeline import boards
from core.pipeline import queries as pipelines
from core.pipeline.deals import board, queries, service
from core.pipeline.deals import service_moves as moves
from core.pipeline.deals.asked import ask_for_gate, ask_why
from core.pipeline.deals.records import DEAL
from core.pipeline.deals.schema import DealPatch, MoveIn
from core.pipeline.models import Deal, Stage
from core.records import lists
from core.records.etag import check_version
from core.records.forms import FormSpec
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import redirect, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
PLACE = frozenset({"stage", "before", "after", "version"})


class BoardPages(Controller):
    """The board of a pipeline."""

    path = "/pipeline"
    include_in_schema = False

    @get("/", permission="deals.view")
    async def show(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show a board; filters are those of the list of deals, ``pipeline`` chooses one."""
        page = await board.load(ctx, list(request.query_params.multi_items()))
        return boards.shown(ctx, request, page, "deals/board.html")

    @get("/stages/{stage_id:uuid}", permission="deals.view")
    async def more(self, ctx: Ctx, request: Any_, stage_id: UUID) -> Response[Any]:
        """Show the next cards of a column."""
        stage = await pipelines.stage(ctx, stage_id)
        if stage is None:
            raise NotFound
        page = board.asked(ctx, list(request.query_params.multi_items()))
        found = await queries.column(ctx, stage_id, page.query, page.query.cursor)
        await page.fill(found.items)
        drawer = page.cards
        cards = [board.drawn(drawer, deal, stage) for deal in found.items]
        url = page.more_url(f"stages/{stage.id}", found.next_cursor)
        return boards.more(ctx, request, cards, {"key": str(stage.id), "more_url": url})


class MovePages(Controller):
    """What happens to one card, on the board and on the deal's own page."""

    path = "/deals/{record_id:uuid}"
    include_in_schema = False

    @post("/move", permission="deals.edit")
    async def move(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Put a deal into a stage, or end it where it was dropped; asks for what is missing."""
        deal: Deal = await lists.get(ctx, DEAL, record_id, action="edit")
        sent = await form_values(request)
        undo, former = undo_url(ctx, deal), deal.stage_id
        if sent.get("version"):
            check_version(str(sent["version"]), deal)
        if sent.get("stage") == "lost":
            return boards.held(await ask_why(ctx, request, deal, "lost"))
        if sent.get("stage") == "won":
            await moves.win(ctx, deal)
            return await ended(ctx, request, deal, undo=undo)
        stage = await moves.goal(ctx, _uuid(sent.get("stage")) or UUID(int=0))
        spec = FormSpec(ctx, DEAL, DealPatch, deal, sent)
        try:
            values = spec.read({name: value for name, value in sent.items() if name not in PLACE})
            data = MoveIn(
                stage_id=stage.id,
                before=_uuid(sent.get("before")),
                after=_uuid(sent.get("after")),
                values=values,
            )
            await service.move(ctx, deal, data)
        except Invalid as error:
            return await ask_for_gate(ctx, request, deal, stage, error=error, sent=sent)
        said = ctx.t(N_("{deal} is now in {stage}."), deal=deal.name, stage=stage.name)
        if not boards.on_board(ctx, request, DEAL):
            return toast(redirect(request, place(ctx, DEAL, f"/{deal.id}")), said, undo_url=undo)
        if sent.keys() <= PLACE:
            return toast(await _moved(ctx, request, deal, stage, former), said, undo_url=undo)
        return toast(await _whole(ctx, request), said, undo_url=undo)

    @post("/put-back", permission="deals.edit")
    async def put_back(
        self, ctx: Ctx, request: Any_, record_id: UUID, stage: UUID, rank: str, since: str
    ) -> Response[Any]:
        """Undo a move or an ending."""
        deal: Deal = await lists.get(ctx, DEAL, record_id, action="edit")
        place_, entered = _place(rank, since)
        await moves.put_back(ctx, deal, await moves.goal(ctx, stage), place_, min(entered, ctx.now()))
        said = ctx.t(N_("{deal} is back where it was."), deal=deal.name)
        if boards.on_board(ctx, request, DEAL):
            return toast(await _whole(ctx, request), said)
        return toast(redirect(request, place(ctx, DEAL, f"/{deal.id}")), said)


def undo_url(ctx: Ctx, deal: Deal) -> str:
    """The address that puts a deal back where it is now."""
    where = {"stage": deal.stage_id, "rank": deal.rank, "since": deal.stage_entered_at.isoformat()}
    return place(ctx, DEAL, f"/{deal.id}/put-back?{urlencode(where)}")


async def ended(ctx: Ctx, request: Any_, deal: Deal, *, undo: str) -> Response[Any]:
    """Answer that a deal was won or lost, with a way back."""
    text = N_("{deal} is won. Congratulations!") if deal.status == "won" else N_("{deal} is lost.")
    said = ctx.t(text, deal=deal.name)
    if boards.on_board(ctx, request, DEAL):
        return toast(await _whole(ctx, request), said, undo_url=undo)
    return toast(redirect(request, place(ctx, DEAL, f"/{deal.id}")), said, undo_url=undo)


async def _whole(ctx: Ctx, request: Any_) -> Response[Any]:
    """The board again as it was looked at."""
    return boards.whole(ctx, request, await board.load(ctx, boards.question(request)))


async def _moved(ctx: Ctx, request: Any_, deal: Deal, stage: Stage, former: UUID) -> Response[Any]:
    """The card and the heads of the two columns that changed."""
    page = board.asked(ctx, boards.question(request))
    totals = await queries.totals(ctx, deal.pipeline_id, page.query)
    own = [one for one in await pipelines.stages(ctx) if one.pipeline_id == deal.pipeline_id]
    heads = [
        board.head(ctx, one, totals.get(one.id, queries.Total()), at)
        for at, one in enumerate(own)
        if one.id in {stage.id, former} and stage.id != former
    ]
    await page.fill([deal])
    return boards.moved(ctx, request, board.drawn(page.cards, deal, stage), heads)


def _uuid(raw: object) -> UUID | None:
    try:
        return UUID(str(raw)) if raw else None
    except ValueError:
        return None


def _place(rank: str, since: str) -> tuple[Decimal, datetime]:
    try:
        found, entered = Decimal(rank[:80]), datetime.fromisoformat(since)
    except (InvalidOperation, ValueError) as error:
        raise BadRequest from error
    is_rank = found.is_finite() and abs(found.adjusted()) <= 60
    if not is_rank or entered.tzinfo is None or not 2 <= entered.year <= 9998:
        raise BadRequest
    return found, entered
