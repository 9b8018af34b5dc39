"""The bin: deleted records stay for 30 days; then they go for good, with what is theirs alone.

Owns nothing. Emits nothing: that they were deleted was told when they were. Never touches what the law or a merge
keeps, and never the log of events.

A table whose ``info`` says ``of_record`` has rows that are nothing without their record: those that name it by
``record_type`` and ``record_id`` go along, and so do records like follow-ups once all that they were about has gone.
Every other column that pointed at what is gone points nowhere; where one must point, the record stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Column, ColumnElement, Table, and_, delete, exists, literal, or_, select, text, update

from core.ext.specs import JobSpec, RecordType
from core.kernel.db import Base, Entity, Ref, Restrictable
from core.kernel.i18n import N_
from core.kernel.statements import Statement

DAYS: Final = 30
BATCH: Final = 200
_TABLES: Final = Statement(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))


class Nothing(msgspec.Struct, frozen=True):
    """The job takes no parameters."""


def is_emptied(type_: RecordType) -> bool:
    """Whether records of a type leave the bin by themselves; what nobody owns is a setting, which others still name."""
    return type_.owner is not None and type_.verbs.restore is not None and issubclass(type_.model, Entity)


async def empty(run: Any) -> None:
    """Remove what has been in the bin for too long, a batch of one type at a time."""
    async with run.open() as ctx:
        known = ctx.machinery.registry
        keys = [
            type_.key
            for type_ in known.records.values()
            if is_emptied(type_) and known.is_on(type_.plugin, ctx.tenant.plugins)
        ]
    number = run.steps
    while key := next((key for key in keys if key not in run.state.get("done", ())), ""):
        number += 1
        await run.step(f"batch-{number}", _batch, run, key)


async def _batch(ctx: Any, run: Any, key: str) -> None:
    type_ = ctx.machinery.registry.records[key]
    model = type_.model
    wanted = [model.deleted_at < ctx.now() - timedelta(days=DAYS)]
    if issubclass(model, Restrictable):
        wanted.append(model.restricted_at.is_(None))
    wanted += [column.is_(None) for column in model.__table__.c if column.info.get("leads_on")]
    for column in [column for table in await _tables(ctx) for column in holding(table, key)]:
        wanted.append(~exists(select(literal(1)).where(column == model.id)))
    found = select(model.id).where(*wanted).order_by(model.deleted_at).limit(BATCH)
    found = found.with_for_update(skip_locked=True)
    ids = list(await ctx.session.scalars(found, execution_options={"include_deleted": True}))
    await remove(ctx, type_, ids)
    if len(ids) < BATCH:
        run.state["done"] = [*run.state.get("done", ()), key]


async def remove(ctx: Any, type_: RecordType, ids: Sequence[UUID]) -> None:
    """Remove records for good, whether or not they are in the bin, with what is theirs alone."""
    if not ids:
        return
    tables = await _tables(ctx)
    for table in tables:
        if table.info.get("of_record"):
            await _remove_along(ctx, type_, table, ids)
    for table in tables:
        for column in pointing(table, type_.key):
            await ctx.session.execute(update(table).where(column.in_(ids)).values({column.name: None}))
    model = type_.model.__table__
    await ctx.session.execute(delete(model).where(model.c.id.in_(ids)))


def pointing(table: Table, record_type: str) -> Iterator[Column[Any]]:
    """The columns of a table that are to point nowhere once a record is gone."""
    if "UPDATE" in table.info.get("grants", "UPDATE"):
        yield from (column for column in _left(table, record_type) if column.nullable)


def holding(table: Table, record_type: str) -> Iterator[Column[Any]]:
    """The columns of a table that must name a record, so that it has to stay as long as they do."""
    yield from (column for column in _left(table, record_type) if column.foreign_keys and not column.nullable)


def _left(table: Table, record_type: str) -> Iterator[Column[Any]]:
    """The columns that name records of a type and that the database does not see to by itself."""
    for column in table.columns:
        is_left = not any(key.ondelete for key in column.foreign_keys)
        if is_left and isinstance(column.type, Ref) and column.type.record_type == record_type:
            yield column


async def _tables(ctx: Any) -> list[Table]:
    """The tables of this workspace: a module that was never switched on has none."""
    there = {row.tablename for row in await ctx.session.run(_TABLES)}
    return [table for table in Base.metadata.sorted_tables if table.name in there]


async def _remove_along(ctx: Any, type_: RecordType, table: Table, ids: Sequence[UUID]) -> None:
    if "record_id" in table.c:
        points = and_(table.c.record_type == type_.key, table.c.record_id.in_(ids))
        await ctx.session.execute(delete(table).where(points))
        return
    own = next(one for one in ctx.machinery.registry.records.values() if one.model.__table__ is table)
    about = [column for column in table.c if _about(ctx, column)]
    gone = {column.name: column.in_(ids) for column in about if _about(ctx, column) == type_.key}
    if not gone or own.key == type_.key:
        return
    nothing_else: list[ColumnElement[bool]] = [
        or_(column.is_(None), gone[column.name]) if column.name in gone else column.is_(None)
        for column in about
    ]
    found = select(table.c.id).where(or_(*gone.values()), *nothing_else)
    await remove(ctx, own, list(await ctx.session.scalars(found)))


def _about(ctx: Any, column: Column[Any]) -> str:
    """The type of the records that a column names, '' where it names none."""
    named = column.type.record_type if isinstance(column.type, Ref) else ""
    return named if named in ctx.machinery.registry.records else ""


JOB: Final = JobSpec(
    name="records.empty_bin",
    handler=empty,
    params=Nothing,
    title=N_("Empty the bin"),
    kind="scheduled",
    every_s=86_400,
    timeout_s=3_600,
)
