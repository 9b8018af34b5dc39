"""The verbs of pipelines and stages. Archiving moves the deals first."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update

from core.kernel.errors import Conflict, Invalid
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.pipeline import events, queries
from core.pipeline.deals import service_moves as moves
from core.pipeline.models import Deal, Pipeline, Stage
from core.pipeline.schema import PipelineIn, PipelinePatch, StageIn, StagePatch
from core.pipeline.service_seed import seed
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx

__all__ = [
    "archive_pipeline",
    "archive_stage",
    "create_pipeline",
    "create_stage",
    "delete_pipeline",
    "delete_stage",
    "order_stages",
    "restore_pipeline",
    "restore_stage",
    "seed",
    "update_pipeline",
    "update_stage",
]


async def create_pipeline(ctx: Ctx, data: PipelineIn) -> Pipeline:
    """Add a pipeline, without stages. Emits ``pipeline.created``."""
    pipeline = Pipeline(**fields(data))
    if data.position is None:
        pipeline.position = await queries.next_position(ctx, Pipeline)
    if data.is_default:
        await _take_default(ctx)
    ctx.session.add(pipeline)
    await ctx.session.flush()
    _tell(ctx, events.PipelineCreated, pipeline)
    return pipeline


async def update_pipeline(ctx: Ctx, pipeline: Pipeline, patch: PipelinePatch) -> Pipeline:
    """Change a pipeline. Emits ``pipeline.updated`` where something changed."""
    await ctx.require("pipelines.edit", pipeline)
    if patch.is_default is False and pipeline.is_default:
        text = N_("One pipeline is always the default. Make another one the default instead.")
        raise Invalid.field("is_default", "needed", text)
    if patch.is_default is True and not pipeline.is_default:
        await _take_default(ctx)
    changes = apply(pipeline, patch)
    if changes:
        await ctx.session.flush()
        _tell(ctx, events.PipelineUpdated, pipeline, changes=changes)
    return pipeline


async def delete_pipeline(ctx: Ctx, pipeline: Pipeline) -> None:
    """Archive a pipeline that has no deals; raises Conflict where it has."""
    await archive_pipeline(ctx, pipeline)


async def archive_pipeline(ctx: Ctx, pipeline: Pipeline, move_to: UUID | None = None) -> None:
    """Archive a pipeline and move its deals to a stage of another. Emits ``pipeline.archived``.

    Raises Conflict for the default pipeline, and where there are deals and nowhere to move them.
    """
    await ctx.require("pipelines.delete", pipeline)
    if pipeline.is_default:
        raise Conflict(
            N_("The default pipeline cannot be archived. Make another one the default first."),
            code="pipeline.default",
        )
    own = list(await ctx.session.scalars(select(Stage.id).where(Stage.pipeline_id == pipeline.id)))
    await _move_away(ctx, own, move_to)
    pipeline.deleted_at = ctx.now()
    await ctx.session.flush()
    _tell(ctx, events.PipelineArchived, pipeline)


async def restore_pipeline(ctx: Ctx, pipeline: Pipeline) -> None:
    """Use an archived pipeline again. Emits ``pipeline.restored``."""
    await ctx.require("pipelines.delete", pipeline)
    pipeline.deleted_at = None
    await ctx.session.flush()
    _tell(ctx, events.PipelineRestored, pipeline)


async def create_stage(ctx: Ctx, data: StageIn) -> Stage:
    """Add a stage to a pipeline. Emits ``stage.created``."""
    if await ctx.session.scalar(select(Pipeline.id).where(Pipeline.id == data.pipeline_id)) is None:
        raise Invalid.field("pipeline_id", "reference", N_("There is no such pipeline."))
    stage = Stage(**fields(data))
    if data.position is None:
        stage.position = await queries.next_position(ctx, Stage, Stage.pipeline_id == data.pipeline_id)
    ctx.session.add(stage)
    await ctx.session.flush()
    _tell(ctx, events.StageCreated, stage)
    return stage


async def update_stage(ctx: Ctx, stage: Stage, patch: StagePatch) -> Stage:
    """Change a stage; deals without a probability of their own follow. Emits ``stage.updated``."""
    await ctx.require("pipelines.edit", stage)
    changes = apply(stage, patch)
    if changes:
        await ctx.session.flush()
        _tell(ctx, events.StageUpdated, stage, changes=changes)
    return stage


async def delete_stage(ctx: Ctx, stage: Stage) -> None:
    """Archive a stage that has no deals; raises Conflict where it has."""
    await archive_stage(ctx, stage)


async def archive_stage(ctx: Ctx, stage: Stage, move_to: UUID | None = None) -> None:
    """Archive a stage and move its deals. Emits ``stage.archived``, ``deal.stage_changed`` per open deal.

    Raises Conflict for the last stage of a pipeline, and where there are deals and nowhere to move them.
    """
    await ctx.require("pipelines.delete", stage)
    others = select(Stage.id).where(Stage.pipeline_id == stage.pipeline_id, Stage.id != stage.id).limit(1)
    if await ctx.session.scalar(others) is None:
        raise Conflict(N_("A pipeline keeps at least one stage."), code="stage.last")
    await _move_away(ctx, [stage.id], move_to)
    stage.deleted_at = ctx.now()
    await ctx.session.flush()
    _tell(ctx, events.StageArchived, stage)


async def restore_stage(ctx: Ctx, stage: Stage) -> None:
    """Use an archived stage again. Emits ``stage.restored``."""
    await ctx.require("pipelines.delete", stage)
    stage.deleted_at = None
    await ctx.session.flush()
    _tell(ctx, events.StageRestored, stage)


async def order_stages(ctx: Ctx, pipeline: Pipeline, stage_ids: Sequence[UUID]) -> None:
    """Put the stages of a pipeline into a new order; all of them must be named, each once.

    Emits ``stage.updated`` for those that move.
    """
    await ctx.require("pipelines.edit", pipeline)
    rows = await ctx.session.scalars(select(Stage).where(Stage.pipeline_id == pipeline.id))
    known = {stage.id: stage for stage in rows}
    if len(stage_ids) != len(known) or set(stage_ids) != set(known):
        raise Invalid.field("stage_ids", "complete", N_("Name every stage of the pipeline once."))
    for position, stage_id in enumerate(stage_ids):
        await update_stage(ctx, known[stage_id], StagePatch(position=position))


async def _take_default(ctx: Ctx) -> None:
    await ctx.session.execute(
        update(Pipeline)
        .where(Pipeline.is_default)
        .values(is_default=False, version=Pipeline.version + 1, updated_at=ctx.now())
    )


async def _move_away(ctx: Ctx, stage_ids: Sequence[UUID], move_to: UUID | None) -> None:
    if not stage_ids:
        return
    any_deal = select(Deal.id).where(Deal.stage_id.in_(stage_ids)).limit(1)
    if await ctx.session.scalar(any_deal, execution_options={"include_deleted": True}) is None:
        return
    if move_to is None:
        text = N_("There are deals here. Say which stage they move to.")
        raise Conflict(code="stage.in_use", detail=text)
    goal = await queries.stage(ctx, move_to)
    if goal is None or goal.id in stage_ids:
        raise Invalid.field("move_to", "reference", N_("There is no such stage."))
    await moves.move_all(ctx, await queries.deals_in(ctx, stage_ids), goal)


def _tell(ctx: Ctx, event: type[Event], row: Pipeline | Stage, **more: object) -> None:
    ctx.emit(event(subject_id=row.id, label=row.name, **more))  # type: ignore[arg-type]
