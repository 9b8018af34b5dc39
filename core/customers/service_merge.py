"""Merging two customers: everything that points at the one points at the other afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    Column,
    Index,
    Table,
    UniqueConstraint,
    and_,
    delete,
    exists,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy import update as changing

from core.customers.events import CustomerDeleted, CustomerMerged
from core.customers.models import Customer, CustomerRelation
from core.customers.schema import CustomerPatch
from core.kernel.db import Base, Ref
from core.kernel.errors import Invalid
from core.kernel.events.models import EventLink
from core.kernel.i18n import N_
from core.kernel.statements import Statement
from core.kernel.text import strip_company
from core.tenancy.ctx import Ctx

_TABLES = Statement(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
CHOSEN = tuple(name for name in CustomerPatch.__struct_fields__ if name != "tags")
"""The fields of which one of the two values stays."""


async def merge(ctx: Ctx, target: Customer, source: Customer, *, take: Iterable[str] = ()) -> Customer:
    """Merge ``source`` into ``target`` and put it into the bin.

    The target keeps its values, but for empty fields and those in ``take``; tags are united. Every reference in
    every installed table moves, and the source's past is seen at the target. Emits ``customer.merged`` and
    ``customer.deleted``.
    """
    await ctx.require("customers.edit", target)
    await ctx.require("customers.delete", source)
    taken = set(take)
    if target.id == source.id:
        raise Invalid.field("source_id", "self", N_("A customer cannot be merged with itself."))
    if taken - set(CHOSEN):
        raise Invalid.field("take", "field", N_("There is no such field to take over."))
    theirs = {name: getattr(source, name) for name in CHOSEN}
    if theirs["external_id"] and (not target.external_id or "external_id" in taken):
        # The key is unique, so the source must be without it before the target has it.
        source.external_id = None
        await ctx.session.flush()
    changes = _unite(target, theirs, taken)
    _gather(ctx, target, source, changes)
    await ctx.session.flush()
    there = {row.tablename for row in await ctx.session.run(_TABLES)}
    for table, column in references("customer"):
        # A module that was never switched on has no tables in this workspace.
        if table.name not in there:
            continue
        await _repoint(ctx, table, column, (source.id, target.id))
    await _drop_loops(ctx)
    await _share_past(ctx, source.id, target.id)
    source.merged_into_id, source.deleted_at = target.id, ctx.now()
    await ctx.session.flush()
    ctx.emit(
        CustomerMerged(
            subject_id=target.id,
            label=target.name,
            links=(("customer", source.id),),
            changes=changes,
            merged_id=source.id,
            merged_name=source.name,
            merged_number=source.number,
        )
    )
    ctx.emit(CustomerDeleted(subject_id=source.id, label=source.name))
    return target


def references(record_type: str) -> Iterator[tuple[Table, Column[Any]]]:
    """All columns that point at records of a type, in the tables of all installed modules."""
    for table in Base.metadata.sorted_tables:
        if "UPDATE" not in table.info.get("grants", "UPDATE"):
            continue
        for column in table.columns:
            if isinstance(column.type, Ref) and column.type.record_type == record_type:
                yield table, column
        if {"record_type", "record_id"} <= set(table.columns.keys()):
            yield table, table.c.record_id


def _unite(target: Customer, theirs: dict[str, Any], taken: set[str]) -> dict[str, tuple[Any, Any]]:
    changes: dict[str, tuple[Any, Any]] = {}
    for name, other in theirs.items():
        mine = getattr(target, name)
        if other in (None, "") or mine == other or not (name in taken or mine in (None, "")):
            continue
        changes[name] = (msgspec.to_builtins(mine), msgspec.to_builtins(other))
        setattr(target, name, other)
    target.name_key = strip_company(target.name)
    return changes


def _gather(ctx: Ctx, target: Customer, source: Customer, changes: dict[str, tuple[Any, Any]]) -> None:
    """Unite what both may keep: tags, and the later contact."""
    tags = list(dict.fromkeys([*target.tags, *source.tags]))
    if tags != target.tags:
        changes["tags"] = (target.tags, tags)
        target.tags = tags
    contacts = [at for at in (target.last_contacted_at, source.last_contacted_at) if at is not None]
    target.last_contacted_at = max(contacts, default=None)
    target.updated_by_id = ctx.actor.member_id


async def _repoint(ctx: Ctx, table: Table, column: Column[Any], ids: tuple[UUID, UUID]) -> None:
    """Let the rows of a table point at the target; those that would be there twice go."""
    source_id, target_id = ids
    points = column == source_id
    if column.name == "record_id":
        points = and_(points, table.c.record_type == "customer")
    for others in _unique_with(table, column):
        twin = table.alias()
        same = [twin.c[name].is_not_distinct_from(table.c[name]) for name in others]
        doubled = exists(select(literal(1)).where(twin.c[column.name] == target_id, *same))
        await ctx.session.execute(delete(table).where(points, doubled))
    await ctx.session.execute(changing(table).where(points).values({column.name: target_id}))


def _unique_with(table: Table, column: Column[Any]) -> Iterator[list[str]]:
    """The other columns of each unique key that a column is part of."""
    keys = [index.columns for index in table.indexes if isinstance(index, Index) and index.unique]
    keys += [rule.columns for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    keys.append(table.primary_key.columns)
    for columns in keys:
        names = [part.name for part in columns]
        if column.name in names:
            yield [name for name in names if name != column.name]


async def _drop_loops(ctx: Ctx) -> None:
    """Remove what the merge made a relation of a customer to itself."""
    loop = CustomerRelation.customer_id == CustomerRelation.other_id
    await ctx.session.execute(delete(CustomerRelation).where(loop))


async def _share_past(ctx: Ctx, source_id: UUID, target_id: UUID) -> None:
    """Show the source's events on the target's timeline too; links are append-only."""
    link, twin = EventLink.__table__, EventLink.__table__.alias()
    names = ("occurred_at", "event_id", "event_name")
    there = exists(
        select(literal(1)).where(
            twin.c.record_type == "customer",
            twin.c.record_id == target_id,
            twin.c.event_id == link.c.event_id,
        )
    )
    past = select(literal("customer"), literal(target_id), *(link.c[name] for name in names)).where(
        link.c.record_type == "customer", link.c.record_id == source_id, ~there
    )
    await ctx.session.execute(insert(EventLink).from_select(["record_type", "record_id", *names], past))
