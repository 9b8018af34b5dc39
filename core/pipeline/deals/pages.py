"""The page of a deal, and how it is ended and reopened; lists and forms come from the record type."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from litestar import Controller, Request, Response
from msgspec import UNSET

from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.pipeline import queries as pipelines
from core.pipeline.deals import service_moves as moves
from core.pipeline.deals.asked import ask_why
from core.pipeline.deals.board_pages import ended, undo_url
from core.pipeline.deals.records import DEAL, STATUSES
from core.pipeline.deals.schema import LoseIn, WinIn
from core.pipeline.models import Deal
from core.records import lists
from core.records.record_page import record_page
from core.records.shown import TONES, place
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values, read_form
from core.web.pages import redirect, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
Outcome = Literal["won", "lost"]


class DealPages(Controller):
    """One deal with everything about it."""

    path = "/deals/{record_id:uuid}"
    include_in_schema = False

    @get("/", permission="deals.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show a deal."""
        deal: Deal = await lists.get(ctx, DEAL, record_id, deleted=True)
        stages = [one for one in await pipelines.stages(ctx) if one.pipeline_id == deal.pipeline_id]
        statuses = [(choice.value, choice.label, TONES[choice.tone]) for choice in STATUSES]
        days = max(0, (ctx.now() - deal.stage_entered_at).days)
        stage = next((one for one in stages if one.id == deal.stage_id), None)
        rotting = stage.rotting_days if stage else None
        return await record_page(
            ctx,
            request,
            DEAL,
            deal,
            template="deals/show.html",
            stages=stages,
            statuses=statuses,
            days=days,
            is_stale=deal.status == "open" and rotting is not None and days >= rotting,
        )

    @get("/close/{outcome:str}", permission="deals.edit")
    async def ask(self, ctx: Ctx, request: Any_, record_id: UUID, outcome: Outcome) -> Response[Any]:
        """Ask why a deal was won or lost."""
        deal: Deal = await lists.get(ctx, DEAL, record_id, action="edit")
        return await ask_why(ctx, request, deal, outcome)

    @post("/close/{outcome:str}", permission="deals.edit")
    async def close(self, ctx: Ctx, request: Any_, record_id: UUID, outcome: Outcome) -> Response[Any]:
        """End a deal."""
        deal: Deal = await lists.get(ctx, DEAL, record_id, action="edit")
        undo = undo_url(ctx, deal)
        try:
            if outcome == "won":
                won = await read_form(request, WinIn)
                await moves.win(ctx, deal, won.close_reason_id)
            else:
                lost = await read_form(request, LoseIn)
                competitor = None if lost.competitor is UNSET else lost.competitor or ""
                await moves.lose(ctx, deal, lost.close_reason_id, competitor)
        except AppError as error:
            sent = await form_values(request)
            return await ask_why(ctx, request, deal, outcome, error=error, sent=sent)
        return await ended(ctx, request, deal, undo=undo)

    @post("/reopen", permission="deals.edit")
    async def reopen(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Work on a closed deal again."""
        deal: Deal = await lists.get(ctx, DEAL, record_id, action="edit")
        await moves.reopen(ctx, deal)
        said = ctx.t(N_("{deal} is open again."), deal=deal.name)
        return toast(redirect(request, place(ctx, DEAL, f"/{deal.id}")), said)
