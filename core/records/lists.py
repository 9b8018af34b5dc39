"""Runs a list: at most one statement for the rows, one for the labels, one for a count that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, True_, Uuid, bindparam, false, func, inspect, literal, select

from core.ext.specs import Column, RecordType
from core.kernel import money, paging
from core.kernel.db import Restrictable
from core.kernel.errors import NotFound
from core.kernel.statements import Statement
from core.records import foreign, labels, text
from core.records.ops import condition
from core.records.query import ListQuery
from core.records.values import Reading

COUNT_MOST: Final = 10_000
BY_NAME: Final = {"_result_disable_adapt_to_context": True}
"""Rows are read by name and place, never by column object, so their metadata need not be fitted to this statement
(the ORM asks for the same)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: rows with the model's columns as attributes, labels, the next place, a count."""

    query: ListQuery
    rows: Sequence[Any]
    labels: labels.Labels
    next: str | None
    count: int | None = None

    @property
    def is_capped(self) -> bool:
        """Whether there are more than the counted."""
        return self.count is not None and self.count > COUNT_MOST

    def label(self, column: Column, row: Any) -> str:
        """The name of what `row` points to by `column`; '' where it may not be seen."""
        target = getattr(row, column.attribute.key)
        return self.labels.get((labels.target_of(column), target), "") if target else ""


def reading(ctx: Any) -> Reading:
    """Return how the values of an address read for the actor."""
    return Reading(
        today=ctx.today(),
        zone=ctx.zone,
        member_id=ctx.actor.member_id,
        money_digits=money.digits(ctx.tenant.currency),
        foreign=foreign.columns(ctx),
    )


async def run(ctx: Any, query: ListQuery, *, with_labels: bool = True) -> Listing:
    """Read one page of a list as far as the actor may see it."""
    keys = order(query)
    found = await rows(
        ctx, _first_page(query.type, query.limit) if _is_plain(ctx, query) else _page(ctx, query)
    )
    page = paging.cut(keys, found, query.limit)
    names: labels.Labels = {}
    if with_labels:
        names = await labels.resolve(ctx, labels.wanted(query.columns, page.items))
    count = await counted(ctx, query) if query.count else None
    return Listing(query, page.items, names, page.next_cursor, count)


async def rows(ctx: Any, statement: Select[Any] | Statement) -> Sequence[Any]:
    """Run a statement of columns past the ORM, which would take as long again to hand the same rows on."""
    if isinstance(statement, Statement):
        return await ctx.session.run(statement)  # type: ignore[no-any-return]
    await ctx.session.flush()
    connection = await ctx.session.connection()
    result = await connection.execute(statement, execution_options=BY_NAME)
    return result.all()  # type: ignore[no-any-return]


async def row(ctx: Any, type_: RecordType, record_id: UUID) -> Any:
    """Read one record as a row, to be shown and not changed; raises NotFound like :func:`get`."""
    model = type_.model
    visible = ctx.visible(model, f"{type_.permission}.view")
    if isinstance(visible, True_):
        found = await ctx.session.run(_one(type_), {"record_id": record_id})
    else:
        found = await rows(ctx, base(type_).where(model.id == record_id, visible, model.deleted_at.is_(None)))
    if not found:
        raise NotFound
    return found[0]


async def counted(ctx: Any, query: ListQuery) -> int:
    """Count what a list finds, to 10,000; one more means that there are more."""
    some = select(literal(1)).where(*conditions(ctx, query)).select_from(query.type.model)
    inner = some.limit(COUNT_MOST + 1).subquery()
    statement = select(func.count()).select_from(inner)
    return int(await ctx.session.scalar(statement, execution_options=options(query)) or 0)


async def ids(ctx: Any, query: ListQuery, *, most: int) -> list[UUID]:
    """Read the ids of all that a list finds, in its order, at most `most`."""
    statement = select(query.type.model.id).where(*conditions(ctx, query))
    statement = statement.order_by(*paging.order_by(order(query))).limit(most)
    return list(await ctx.session.scalars(statement, execution_options=options(query)))


async def get(
    ctx: Any, type_: RecordType, record_id: UUID, *, action: str = "view", deleted: bool = False
) -> Any:
    """Read one record; one that the actor may not see raises NotFound, like one that does not exist.

    With an action other than 'view', a record that may be seen and not acted on raises Forbidden.
    """
    model = type_.model
    statement = select(model).where(model.id == record_id, ctx.visible(model, f"{type_.permission}.view"))
    record = await ctx.session.scalar(statement, execution_options={"include_deleted": deleted})
    if record is None:
        raise NotFound
    if action != "view":
        await ctx.require(f"{type_.permission}.{action}", record)
    return record


def conditions(ctx: Any, query: ListQuery) -> list[ColumnElement[bool]]:
    """Return all that holds of the rows of a list, what the actor may see included."""
    model, how = query.type.model, reading(ctx)
    found = [ctx.visible(model, f"{query.type.permission}.view")]
    if query.deleted:
        found += [*in_bin(model), ctx.visible(model, f"{query.type.permission}.delete")]
    else:
        found += at_hand(model)
    if query.right != "view":
        found.append(ctx.visible(model, f"{query.type.permission}.{query.right}"))
    for item in query.filters:
        is_lent = isinstance(item.column, foreign.ForeignColumn)
        found.append(foreign.condition(ctx, model, item) if is_lent else condition(item, how))
    if query.is_stopped:
        found.append(false())
    if query.q:
        found.append(text.matching(ctx, query.type, query.q))
    return found


def in_bin(model: type[Any]) -> list[ColumnElement[bool]]:
    """Return what holds of all records of a bin: what was merged lies there too, and would be a double of the other."""
    columns = model.__table__.columns
    return [model.deleted_at.is_not(None), *(one.is_(None) for one in columns if one.info.get("leads_on"))]


def at_hand(model: type[Any]) -> list[ColumnElement[bool]]:
    """Return what holds of all records of a list: not in the bin, and not restricted to being kept."""
    found: list[ColumnElement[bool]] = [model.deleted_at.is_(None)]
    return [*found, model.restricted_at.is_(None)] if issubclass(model, Restrictable) else found


def order(query: ListQuery) -> tuple[paging.Key, ...]:
    """Return the keys that order a list: the asked, else the natural; the id makes them unique."""
    model = query.type.model
    if query.sort:
        asked = [_key(item.column.attribute, item.descending) for item in query.sort]
    else:
        tokens = query.type.natural_order.split(",")
        asked = [_key(getattr(model, token.removeprefix("-")), token.startswith("-")) for token in tokens]
    return (*asked, paging.Key("id", model.id, asked[-1].descending))


def _key(attribute: Any, descending: bool) -> paging.Key:
    nullable = getattr(getattr(attribute, "expression", attribute), "nullable", True)
    return paging.Key(attribute.key, attribute, descending, bool(nullable))


@cache
def selected(type_: RecordType) -> tuple[Any, ...]:
    """Return what a list selects: the model's columns, and those of the type that are computed."""
    mapper = inspect(type_.model)
    own = {attribute.key: getattr(type_.model, attribute.key) for attribute in mapper.column_attrs}
    computed = {c.attribute.key: c.attribute for c in type_.columns if c.attribute.key not in own}
    return (*own.values(), *computed.values())


@cache
def base(type_: RecordType) -> Select[Any]:
    """The statement that every list of a type begins with; building it anew would cost more than running it."""
    return select(*selected(type_))


@cache
def _one(type_: RecordType) -> Statement:
    """The statement that reads one record for whoever sees all: never composed twice."""
    wanted = bindparam("record_id", type_=Uuid())
    return Statement(base(type_).where(type_.model.id == wanted, type_.model.deleted_at.is_(None)))


@lru_cache(1_000)
def _first_page(type_: RecordType, limit: int) -> Statement:
    """The statement of a list's first page for whoever sees all, in its natural order."""
    keys = order(ListQuery(type=type_))
    found = base(type_).where(*at_hand(type_.model))
    return Statement(found.order_by(*paging.order_by(keys)).limit(limit + 1))


def _is_plain(ctx: Any, query: ListQuery) -> bool:
    """Whether this is the first page of everything."""
    asks = query.filters or query.q or query.sort or query.cursor or query.deleted or query.is_stopped
    rights = {"view", query.right}
    return not asks and all(
        isinstance(ctx.visible(query.type.model, f"{query.type.permission}.{right}"), True_)
        for right in rights
    )


def _page(ctx: Any, query: ListQuery) -> Select[Any]:
    keys = order(query)
    statement = base(query.type).where(*conditions(ctx, query))
    if query.cursor:
        statement = statement.where(paging.following(keys, paging.decode(keys, query.cursor)))
    return statement.order_by(*paging.order_by(keys)).limit(query.limit + 1)


def options(query: ListQuery) -> dict[str, Any]:
    """Return how the statement of a list is to be executed."""
    return {"include_deleted": True} if query.deleted else {}


def statement_for(ctx: Any, query: ListQuery) -> Select[Any]:
    """Return the statement of everything that a list finds, for streaming exports."""
    return base(query.type).where(*conditions(ctx, query)).order_by(*paging.order_by(order(query)))
