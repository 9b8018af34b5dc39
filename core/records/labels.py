"""Names of the people and records that rows point to: one statement for all of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, literal, select, union_all

from core.access.models import Member
from core.ext.registry import Registry
from core.ext.specs import Column, RecordType

MEMBER = "member"
Labels = Mapping[tuple[str, UUID], str]


def wanted(columns: Iterable[Column], rows: Sequence[Any]) -> dict[str, set[UUID]]:
    """Collect what `rows` point to by the person and reference columns, as record type -> ids."""
    ids: dict[str, set[UUID]] = defaultdict(set)
    for column in columns:
        target = target_of(column)
        if target:
            name = column.attribute.key
            ids[target] |= {value for row in rows if (value := getattr(row, name)) is not None}
    return {key: found for key, found in ids.items() if found}


def target_of(column: Column) -> str:
    """Return the record type that a column points to, '' for a plain value."""
    if column.kind == "member":
        return MEMBER
    return column.ref if column.kind == "ref" else ""


async def resolve(ctx: Any, ids: Mapping[str, Iterable[UUID]], *, offered: int = 0) -> Labels:
    """Read the labels of records by type and id; what the actor may not see has none.

    With `offered`, that many active members are among the answer: those that a field can offer.
    """
    parts = [part for key, found in ids.items() if (part := _part(ctx, key, found)) is not None]
    if offered:
        active = select(literal(MEMBER), Member.id, Member.name).where(Member.active)
        parts.append(select(active.order_by(Member.name, Member.id).limit(offered).subquery()))
    if not parts:
        return {}
    rows = await ctx.session.execute(union_all(*parts) if len(parts) > 1 else parts[0])
    return {(row[0], row[1]): row[2] or "" for row in rows}


async def within(ctx: Any, types: Sequence[RecordType], ids: Sequence[UUID]) -> Labels:
    """Read the names of what records belong to, by their own type and id; what the actor may not see has none."""
    found: dict[str, tuple[RecordType, list[UUID]]] = {}
    for type_, record_id in zip(types, ids, strict=True):
        if type_.within:
            found.setdefault(type_.key, (type_, []))[1].append(record_id)
    parts = [part for type_, chosen in found.values() if (part := _above(ctx, type_, chosen)) is not None]
    if not parts:
        return {}
    rows = await ctx.session.execute(union_all(*parts) if len(parts) > 1 else parts[0])
    return {(row[0], row[1]): row[2] or "" for row in rows}


def _above(ctx: Any, type_: RecordType, ids: Sequence[UUID]) -> Select[str, UUID, str] | None:
    registry: Registry = ctx.machinery.registry
    column = type_.column(type_.within)
    target = registry.records.get(column.ref) if column is not None else None
    if column is None or target is None:
        return None
    model, above = type_.model, target.model
    return (
        select(literal(type_.key), model.id, cast(target.label, Text))
        .join_from(model, above, above.id == column.attribute)
        .where(model.id.in_(ids), above.deleted_at.is_(None), ctx.visible(above, f"{target.permission}.view"))
    )


async def choices(ctx: Any, columns: Iterable[Column], *, most: int) -> Mapping[str, list[tuple[str, str]]]:
    """Read all that may be chosen in columns that point to types without pages: type -> ids and names."""
    registry: Registry = ctx.machinery.registry
    targets = dict.fromkeys(target_of(column) for column in columns)
    types = [type_ for key in targets if (type_ := registry.records.get(key)) is not None and not type_.pages]
    if not types:
        return {}
    parts = [_offer(ctx, type_, most) for type_ in types]
    rows = await ctx.session.execute(union_all(*parts) if len(parts) > 1 else parts[0])
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, record_id, name in rows:
        found[key].append((str(record_id), name or ""))
    return found


def _offer(ctx: Any, type_: RecordType, most: int) -> Select[Any]:
    model = type_.model
    keys = [(getattr(model, token.removeprefix("-")), token) for token in type_.natural_order.split(",")]
    order = [attribute.desc() if token.startswith("-") else attribute.asc() for attribute, token in keys]
    shown = type_.label if type_.option is None else type_.option
    offered = (
        select(literal(type_.key), model.id, cast(shown, Text))
        .where(model.deleted_at.is_(None), ctx.visible(model, f"{type_.permission}.view"))
        .order_by(*order, model.id)
        .limit(most)
    )
    return select(offered.subquery())


def _part(ctx: Any, key: str, ids: Iterable[UUID]) -> Select[str, UUID, str] | None:
    chosen = list(ids)
    if not chosen:
        return None
    if key == MEMBER:
        return select(literal(MEMBER), Member.id, Member.name).where(Member.id.in_(chosen))
    registry: Registry = ctx.machinery.registry
    type_ = registry.records.get(key)
    if type_ is None:
        return None
    model = type_.model
    return select(literal(key), model.id, cast(type_.label, Text)).where(
        model.id.in_(chosen), ctx.visible(model, f"{type_.permission}.view")
    )
