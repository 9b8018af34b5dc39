"""Reads of deals: the board, what stands beside a customer, and figures for the Today page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, true

from core.kernel import paging
from core.kernel.errors import NotFound
from core.pipeline import queries
from core.pipeline.boards import CARDS
from core.pipeline.models import Deal, Pipeline, Stage
from core.records import lists
from core.records.query import ListQuery
from core.tenancy.ctx import Ctx

KEYS: Final = (paging.Key("rank", Deal.rank), paging.Key("id", Deal.id))
_COLUMNS: Final = tuple(Deal.__table__.c)


@dataclass(frozen=True, slots=True)
class Total:
    """What stands in the head of a column; sums are in the workspace's currency."""

    count: int = 0
    base_sum_minor: int = 0
    weighted_minor: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A stage of a board with its first deals, and where the next ones begin."""

    stage: Stage
    total: Total
    deals: Sequence[Any]
    next: str | None


@dataclass(frozen=True, slots=True)
class Board:
    """A pipeline as a board; ``ways`` are all pipelines with their stages."""

    pipeline: Pipeline
    ways: Sequence[tuple[Pipeline, list[Stage]]]
    columns: Sequence[Column]


async def board(ctx: Ctx, pipeline_id: UUID | None, query: ListQuery) -> Board | None:
    """Read a board in three statements; None where the workspace has no pipeline, NotFound for a wrong id."""
    ways = await queries.ways(ctx)
    if pipeline_id is None and not ways:
        return None
    found = [
        way for way in ways if (way[0].id == pipeline_id if pipeline_id is not None else way[0].is_default)
    ]
    if pipeline_id is not None and not found:
        raise NotFound
    pipeline, stages = (found or ways)[0]
    counted = await totals(ctx, pipeline.id, query)
    cards = await _first_cards(ctx, pipeline.id, query)
    columns = [_column(stage, counted, cards.get(stage.id, [])) for stage in stages]
    return Board(pipeline, ways, columns)


async def totals(ctx: Ctx, pipeline_id: UUID, query: ListQuery) -> dict[UUID, Total]:
    """Count and sum the open deals of a pipeline by stage, in one statement.

    Few groups meet their stages after summing: joining every deal took three times as long.
    """
    summed = (
        select(
            Deal.stage_id,
            Deal.probability,
            func.count().label("count"),
            func.coalesce(func.sum(Deal.base_amount_minor), 0).label("base"),
        )
        .where(Deal.pipeline_id == pipeline_id, *open_ones(ctx, query))
        .group_by(Deal.stage_id, Deal.probability)
        .subquery()
    )
    chance = func.coalesce(summed.c.probability, Stage.probability)
    statement = (
        select(
            Stage.id,
            func.sum(summed.c.count),
            func.sum(summed.c.base),
            func.sum(summed.c.base * chance) / 100,
        )
        .join(summed, summed.c.stage_id == Stage.id)
        .group_by(Stage.id)
    )
    rows = await ctx.session.execute(statement)
    return {stage_id: Total(int(count), int(base), int(weighted)) for stage_id, count, base, weighted in rows}


async def column(ctx: Ctx, stage_id: UUID, query: ListQuery, cursor: str) -> paging.Page[Any]:
    """The next deals of one column."""
    after = paging.following(KEYS, paging.decode(KEYS, cursor)) if cursor else true()
    statement = _cards(ctx, query).where(Deal.stage_id == stage_id, after)
    return paging.cut(KEYS, (await ctx.session.execute(statement)).all(), CARDS)


def open_ones(ctx: Ctx, query: ListQuery) -> list[ColumnElement[bool]]:
    """The conditions of the cards of a board."""
    return [Deal.status == "open", Deal.deleted_at.is_(None), *lists.conditions(ctx, query)]


async def of_record(ctx: Ctx, column: Any, record_id: UUID, *, limit: int = 20) -> list[Any]:
    """The deals of a customer or a contact, open ones first, with the names of their stages."""
    statement = (
        select(Deal, Stage.name)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(column == record_id, ctx.visible(Deal, "deals.view"))
        .order_by(Deal.status != "open", Deal.created_at.desc(), Deal.id)
        .limit(limit)
        .execution_options(include_deleted=False)
    )
    return list(await ctx.session.execute(statement))


def _cards(ctx: Ctx, query: ListQuery) -> Select[Any]:
    return select(*_COLUMNS).where(*open_ones(ctx, query)).order_by(*paging.order_by(KEYS)).limit(CARDS + 1)


async def _first_cards(ctx: Ctx, pipeline_id: UUID, query: ListQuery) -> dict[UUID, list[Any]]:
    """The top of every column in one statement, each read from its own place in the index."""
    # The ids alone: a column that comes out of another statement is described anew for each request.
    top = _cards(ctx, query).with_only_columns(Deal.id)
    card = (
        top.where(Deal.stage_id == Stage.id, Deal.pipeline_id == pipeline_id).correlate(Stage).lateral("card")
    )
    above = (
        select(card.c.id).select_from(Stage).join(card, true()).where(Stage.pipeline_id == pipeline_id)
    ).subquery("above")
    statement = (
        select(*_COLUMNS).join(above, above.c.id == Deal.id).order_by(Deal.stage_id, Deal.rank, Deal.id)
    )
    found: dict[UUID, list[Any]] = {}
    for row in (await ctx.session.execute(statement)).all():
        found.setdefault(row.stage_id, []).append(row)
    return found


def _column(stage: Stage, counted: dict[UUID, Total], cards: Sequence[Any]) -> Column:
    page = paging.cut(KEYS, cards, CARDS)
    return Column(stage, counted.get(stage.id, Total()), page.items, page.next_cursor)
