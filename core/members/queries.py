"""What a member owns, found by walking the tables: whatever has an ``owner_id`` that points at members.

So does what looks through a member's eyes and tells what they see: such a column says ``info={"eyes": condition}``,
the condition keeping to what nothing else decides about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, literal, not_, select, text, union_all

from core.ext.specs import RecordType
from core.kernel.db import Base, Ref
from core.members.models import HandOver, HandOverItem
from core.records.forms import field_of

OWNER: Final = "owner_id"
EYES: Final = "eyes"
_TABLES: Final = text("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()")


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of thing that people own; ``field`` is '' where the table itself is written, not a verb.

    ``only`` is given for what looks through its owner's eyes.
    """

    key: str
    title: str
    model: Any
    type: RecordType | None
    field: str = ""
    column: str = OWNER
    only: ColumnElement[bool] | None = None

    @property
    def owner(self) -> Any:
        """The attribute that says whose it is."""
        return getattr(self.model, self.column)

    def of(self, owner_id: UUID | None) -> list[ColumnElement[bool]]:
        """The condition for what changes hands: what is history stays, and so does what is in the bin."""
        found = self._owned(owner_id)
        if self.type is not None and self.type.stays is not None:
            found.append(not_(self.type.stays))
        if hasattr(self.model, "deleted_at"):
            found.append(self.model.deleted_at.is_(None))
        return found

    def in_bin(self, owner_id: UUID | None) -> list[ColumnElement[bool]]:
        """The condition for what somebody may take out of the bin later."""
        return [*self._owned(owner_id), self.model.deleted_at.is_not(None)]

    def _owned(self, owner_id: UUID | None) -> list[ColumnElement[bool]]:
        found = [self.owner.is_(None) if owner_id is None else self.owner == owner_id]
        return found if self.only is None else [*found, self.only]


async def holdings(ctx: Any) -> list[Holding]:
    """The kinds of things that people of this workspace can own, those of modules that are off as well.

    Tables follow the same rule as record types: a column says ``info={"stays": True}`` where it is no possession.
    """
    there = set(await ctx.session.scalars(_TABLES))
    registry = ctx.machinery.registry
    types = {type_.model: type_ for type_ in registry.records.values() if type_.owner is not None}
    found = []
    for mapper in sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__tablename__):
        model, table = mapper.class_, cast(Table, mapper.local_table)
        column = _owning(table)
        if column is None or table.name not in there:
            continue
        type_ = types.get(model)
        title = type_.title_plural if type_ else str(table.info.get("title", table.name))
        field, only = _field(registry, ctx, type_), column.info.get(EYES)
        found.append(Holding(str(table.name), title, model, type_, field, str(column.name), only))
    return found


async def owned(ctx: Any, member_id: UUID) -> list[tuple[Holding, int]]:
    """How much of each kind a member owns, in one statement; kinds of which there is nothing are left out."""
    kinds = await holdings(ctx)
    if not kinds:
        return []
    counts = [
        select(literal(kind.key).label("key"), func.count().label("count"))
        .select_from(kind.model)
        .where(*kind.of(member_id))
        for kind in kinds
    ]
    found = {row.key: row.count for row in await ctx.session.execute(union_all(*counts))}
    return [(kind, found[kind.key]) for kind in kinds if found.get(kind.key)]


async def to_move(ctx: Any, hand: HandOver, kind: Holding, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The next ids of one kind that a hand-over concerns."""
    key = kind.model.id
    statement = select(key).where(*_concerned(hand, kind)).order_by(key).limit(limit)
    return list(await ctx.session.scalars(statement.where(key > after) if after else statement))


async def how_many(ctx: Any, hand: HandOver, kind: Holding) -> int:
    """How many records of one kind a hand-over concerns."""
    statement = select(func.count()).select_from(kind.model).where(*_concerned(hand, kind))
    return await ctx.session.scalar(statement) or 0


def _concerned(hand: HandOver, kind: Holding) -> list[ColumnElement[bool]]:
    if hand.undoes_id is None:
        return kind.of(hand.from_id)
    given = select(HandOverItem.record_id).where(
        HandOverItem.hand_over_id == hand.undoes_id, HandOverItem.holding == kind.key
    )
    return [*kind.of(hand.from_id), kind.model.id.in_(given)]


async def of_member(ctx: Any, member_id: UUID) -> list[HandOver]:
    """The hand-overs of a member's records, newest first."""
    statement = select(HandOver).where(HandOver.from_id == member_id).order_by(HandOver.id.desc())
    return list(await ctx.session.scalars(statement.limit(20)))


def _owning(table: Table) -> Any:
    """The column of a table that says whose a row is, as far as somebody else can take it over."""
    eyes = next((column for column in table.c if EYES in column.info), None)
    column = table.c.get(OWNER) if eyes is None else eyes
    return column if column is not None and "id" in table.c and _is_possession(column) else None


def _is_possession(column: Any) -> bool:
    is_member = isinstance(column.type, Ref) and column.type.record_type == "member"
    return is_member and not column.info.get("stays", False)


def _field(registry: Any, ctx: Any, type_: RecordType | None) -> str:
    """The field of the patch that changes the owner, as far as the module's verbs can be used."""
    if type_ is None or not registry.is_on(type_.plugin, ctx.tenant.plugins):
        return ""
    column = next((column for column in type_.columns if column.attribute is type_.owner), None)
    field = field_of(column) if column is not None else OWNER
    return field if field in type_.patch.__struct_fields__ else ""
