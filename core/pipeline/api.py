"""The API of pipelines beyond what every record type has: order of stages, archiving with a place for the deals."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, Response

from core.pipeline import queries, service
from core.pipeline.models import Pipeline, Stage
from core.pipeline.schema import ArchiveIn, OrderIn
from core.tenancy.ctx import Ctx
from core.web.routing import post


class PipelineApi(Controller):
    """What is done with one pipeline."""

    path = "/pipelines/{record_id:uuid}"
    tags = ("Pipelines",)

    @post("/archive", permission="pipelines.delete", status_code=204)
    async def archive(self, ctx: Ctx, record_id: UUID, data: ArchiveIn) -> Response[None]:
        """Archive a pipeline and move its deals to a stage of another."""
        pipeline = await queries.one(ctx, Pipeline, record_id)
        await service.archive_pipeline(ctx, pipeline, data.move_to)
        return Response(None, status_code=204)

    @post("/order", permission="pipelines.edit", status_code=204)
    async def order(self, ctx: Ctx, record_id: UUID, data: OrderIn) -> Response[None]:
        """Put the stages of a pipeline into a new order."""
        pipeline = await queries.one(ctx, Pipeline, record_id)
        await service.order_stages(ctx, pipeline, data.stage_ids)
        return Response(None, status_code=204)


class StageApi(Controller):
    """What is done with one stage."""

    path = "/stages/{record_id:uuid}"
    tags = ("Stages",)

    @post("/archive", permission="pipelines.delete", status_code=204)
    async def archive(self, ctx: Ctx, record_id: UUID, data: ArchiveIn) -> Response[None]:
        """Archive a stage and move its deals to another."""
        stage = await queries.one(ctx, Stage, record_id)
        await service.archive_stage(ctx, stage, data.move_to)
        return Response(None, status_code=204)
