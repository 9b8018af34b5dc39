"""Reads of pipelines, stages, close reasons and rates, and of what comes next with a deal or a lead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from core.activities.tasks.models import Task
from core.kernel.errors import NotFound
from core.pipeline.models import CloseReason, CurrencyRate, Deal, Pipeline, Stage
from core.tenancy.ctx import Ctx


async def stages(ctx: Ctx) -> list[Stage]:
    """All stages in the order of their pipelines and their own."""
    statement = (
        select(Stage)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(Pipeline.deleted_at.is_(None))
        .order_by(Pipeline.position, Pipeline.id, Stage.position, Stage.id)
    )
    return list(await ctx.session.scalars(statement))


async def pipelines(ctx: Ctx, *, deleted: bool = False) -> list[Pipeline]:
    """All pipelines in their order, archived ones last where they are asked for."""
    statement = select(Pipeline).order_by(
        Pipeline.deleted_at.is_not(None), Pipeline.position, Pipeline.created_at, Pipeline.id
    )
    return list(await ctx.session.scalars(statement, execution_options={"include_deleted": deleted}))


async def ways(ctx: Ctx) -> list[tuple[Pipeline, list[Stage]]]:
    """The pipelines with their stages, in one statement."""
    statement = (
        select(Pipeline, Stage)
        .outerjoin(Stage, Stage.pipeline_id == Pipeline.id)
        .order_by(Pipeline.position, Pipeline.created_at, Pipeline.id, Stage.position, Stage.id)
    )
    found: dict[UUID, tuple[Pipeline, list[Stage]]] = {}
    for pipeline, stage in await ctx.session.execute(statement):
        listed = found.setdefault(pipeline.id, (pipeline, []))[1]
        if stage is not None:
            listed.append(stage)
    return list(found.values())


async def stage(ctx: Ctx, stage_id: UUID) -> Stage | None:
    """A stage that is in use."""
    statement = (
        select(Stage)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(Stage.id == stage_id, Pipeline.deleted_at.is_(None))
    )
    found: Stage | None = await ctx.session.scalar(statement)
    return found


async def default_stage(ctx: Ctx, pipeline_id: UUID | None = None) -> Stage | None:
    """Where deals begin: the first stage of a pipeline, of the default one if none is named."""
    statement = (
        select(Stage)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(Pipeline.deleted_at.is_(None))
        .order_by(Pipeline.is_default.desc(), Pipeline.position, Pipeline.id, Stage.position, Stage.id)
        .limit(1)
    )
    if pipeline_id is not None:
        statement = statement.where(Pipeline.id == pipeline_id)
    found: Stage | None = await ctx.session.scalar(statement)
    return found


async def one(ctx: Ctx, model: type[Any], row_id: UUID) -> Any:
    """A row of a setting by its id; raises NotFound."""
    found = await ctx.session.scalar(select(model).where(model.id == row_id))
    if found is None:
        raise NotFound
    return found


async def next_position(ctx: Ctx, model: type[Any], *where: Any) -> int:
    """The position behind all others."""
    return int(await ctx.session.scalar(select(func.coalesce(func.max(model.position) + 1, 0)).where(*where)))


async def deals_in(ctx: Ctx, stage_ids: Iterable[UUID]) -> list[Deal]:
    """All deals of some stages, closed ones and those in the bin included."""
    statement = select(Deal).where(Deal.stage_id.in_(list(stage_ids))).order_by(Deal.rank, Deal.id)
    return list(await ctx.session.scalars(statement, execution_options={"include_deleted": True}))


async def reasons(ctx: Ctx, outcome: str = "") -> list[CloseReason]:
    """The close reasons in their order, of one outcome or of both."""
    statement = select(CloseReason).order_by(CloseReason.outcome.desc(), CloseReason.position, CloseReason.id)
    if outcome:
        statement = statement.where(CloseReason.outcome == outcome)
    return list(await ctx.session.scalars(statement))


async def rates(ctx: Ctx, currencies: Iterable[str], on: date) -> dict[str, CurrencyRate]:
    """The latest rate of each currency that is valid on a day."""
    wanted = sorted(set(currencies))
    if not wanted:
        return {}
    statement = (
        select(CurrencyRate)
        .where(CurrencyRate.currency.in_(wanted), CurrencyRate.valid_on <= on)
        .ext(distinct_on(CurrencyRate.currency))
        .order_by(CurrencyRate.currency, CurrencyRate.valid_on.desc())
    )
    return {rate.currency: rate for rate in await ctx.session.scalars(statement)}


async def all_rates(ctx: Ctx, limit: int = 200) -> Sequence[CurrencyRate]:
    """The rates, newest first."""
    statement = (
        select(CurrencyRate).order_by(CurrencyRate.valid_on.desc(), CurrencyRate.currency).limit(limit)
    )
    return list(await ctx.session.scalars(statement))


async def next_steps(ctx: Ctx, name: str, ids: Sequence[UUID]) -> dict[UUID, tuple[str, date | None]]:
    """The open task that is due first, of each of the records that tasks name as ``name``."""
    if not ids:
        return {}
    column = getattr(Task, name)
    statement = (
        select(column, Task.title, Task.due_on)
        .where(column.in_(ids), Task.done_at.is_(None))
        .ext(distinct_on(column))
        .order_by(column, Task.due_on.asc().nulls_last(), Task.id)
    )
    rows = await ctx.session.execute(statement)
    return {record_id: (title, due_on) for record_id, title, due_on in rows}
