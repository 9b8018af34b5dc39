"""The API of deals beyond what every record type has: the board, moving, winning, losing, reopening."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response
from msgspec import UNSET

from core.kernel.errors import NotFound
from core.pipeline.deals import queries, service
from core.pipeline.deals import service_moves as moves
from core.pipeline.deals.records import DEAL, to_out
from core.pipeline.deals.schema import BoardColumn, BoardOut, DealOut, LoseIn, MoveIn, WinIn
from core.pipeline.models import Deal
from core.records import lists
from core.records.etag import check, etag
from core.records.query import parse
from core.tenancy.ctx import Ctx
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]


class DealApi(Controller):
    """What is done with one deal."""

    path = "/deals/{record_id:uuid}"
    tags = ("Deals",)

    @post("/move", permission="deals.edit")
    async def move(self, ctx: Ctx, request: Any_, record_id: UUID, data: MoveIn) -> Response[DealOut]:
        """Put a deal into a stage; 422 names what the stage demands and the deal lacks."""
        deal = await _deal(ctx, request, record_id)
        await service.move(ctx, deal, data)
        return _answer(deal)

    @post("/win", permission="deals.edit")
    async def win(self, ctx: Ctx, request: Any_, record_id: UUID, data: WinIn) -> Response[DealOut]:
        """Close a deal as won."""
        deal = await _deal(ctx, request, record_id)
        return _answer(await moves.win(ctx, deal, data.close_reason_id))

    @post("/lose", permission="deals.edit")
    async def lose(self, ctx: Ctx, request: Any_, record_id: UUID, data: LoseIn) -> Response[DealOut]:
        """Close a deal as lost; a reason is needed."""
        deal = await _deal(ctx, request, record_id)
        competitor = None if data.competitor is UNSET else data.competitor
        return _answer(await moves.lose(ctx, deal, data.close_reason_id, competitor))

    @post("/reopen", permission="deals.edit")
    async def reopen(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[DealOut]:
        """Work on a closed deal again."""
        return _answer(await moves.reopen(ctx, await _deal(ctx, request, record_id)))


class BoardApi(Controller):
    """A pipeline with its deals."""

    path = "/pipelines/{pipeline_id:uuid}/board"
    tags = ("Pipelines",)

    @get("/", permission="deals.view")
    async def board(self, ctx: Ctx, request: Any_, pipeline_id: UUID) -> Response[BoardOut]:
        """The columns with totals and first deals; filters are those of the list of deals."""
        query = parse(DEAL, request.query_params.multi_items(), lists.reading(ctx))
        board = await queries.board(ctx, pipeline_id, query)
        if board is None:
            raise NotFound
        return Response(_shown(ctx, board))


def _shown(ctx: Ctx, board: queries.Board) -> BoardOut:
    columns = [
        BoardColumn(
            stage_id=column.stage.id,
            name=column.stage.name,
            probability=column.stage.probability,
            count=column.total.count,
            base_sum_minor=column.total.base_sum_minor,
            weighted_minor=column.total.weighted_minor,
            deals=[to_out(deal) for deal in column.deals],
            next=column.next,
        )
        for column in board.columns
    ]
    pipeline = board.pipeline
    return BoardOut(
        pipeline_id=pipeline.id, name=pipeline.name, currency=ctx.tenant.currency, columns=columns
    )


async def _deal(ctx: Ctx, request: Any_, record_id: UUID) -> Deal:
    deal: Deal = await lists.get(ctx, DEAL, record_id, action="edit")
    check(request.headers, deal)
    return deal


def _answer(deal: Deal) -> Response[DealOut]:
    return Response(to_out(deal), headers={"ETag": etag(deal)})
