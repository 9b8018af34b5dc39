"""A record type that exists in tests alone: boats, owned by members, built at yards."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.ext.specs import Choice, Column, Permission, RecordType, Verbs
from core.kernel.db import NAMING, TYPES, Entity, Ref
from core.kernel.errors import Invalid
from core.kernel.events import Event
from core.kernel.types import AmountMinor, Currency, LongText, Name, Tag


class Harbour(DeclarativeBase):
    """Apart from the product's tables, so that migrations never see them."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class Yard(Entity, Harbour):
    __tablename__ = "toy_yard"

    name: Mapped[str]


class Boat(Entity, Harbour):
    __tablename__ = "toy_boat"

    name: Mapped[str]
    state: Mapped[str | None]
    notes: Mapped[str | None]
    length: Mapped[int | None]
    draught: Mapped[Decimal | None]
    price_minor: Mapped[int | None]
    currency: Mapped[str] = mapped_column(default="CNY")
    launched_on: Mapped[date | None]
    seen_at: Mapped[datetime | None]
    is_sailing: Mapped[bool] = mapped_column(default=False)
    tags: Mapped[list[str]] = mapped_column(default=list)
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"))
    yard_id: Mapped[UUID | None] = mapped_column(Ref("toy_yard"))


class BoatEvent(Event, frozen=True, kw_only=True):
    name: ClassVar[str] = "toy_boat.changed"
    verb: str = ""


class BoatIn(msgspec.Struct, kw_only=True):
    name: Annotated[Name, Meta(title="Name")]
    state: str | None = None
    notes: LongText | None = None
    length: int | None = None
    price_minor: Annotated[AmountMinor, Meta(title="Price")] | None = None
    currency: Currency = "CNY"
    launched_on: Annotated[date, Meta(title="Launched")] | None = None
    is_sailing: bool = False
    tags: list[Tag] = []
    owner_id: UUID | None = None
    yard_id: UUID | None = None
    external_id: str | None = None


class BoatPatch(msgspec.Struct, kw_only=True):
    name: Annotated[Name, Meta(title="Name")] | UnsetType = UNSET
    state: str | UnsetType | None = UNSET
    notes: LongText | UnsetType | None = UNSET
    length: int | UnsetType | None = UNSET
    price_minor: Annotated[AmountMinor, Meta(title="Price")] | UnsetType | None = UNSET
    launched_on: Annotated[date, Meta(title="Launched")] | UnsetType | None = UNSET
    is_sailing: bool | UnsetType = UNSET
    tags: list[Tag] | UnsetType = UNSET
    owner_id: UUID | UnsetType | None = UNSET


class BoatOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    state: str | None
    length: int | None
    price_minor: int | None
    tags: list[str]
    owner_id: UUID | None
    external_id: str | None
    version: int


def to_out(boat: Any) -> BoatOut:
    return BoatOut(**{name: getattr(boat, name) for name in BoatOut.__struct_fields__})


async def create(ctx: Any, data: BoatIn) -> Boat:
    if data.name == "Titanic":
        raise Invalid.field("name", "doomed", "Not that one.")
    boat = Boat(**msgspec.structs.asdict(data))
    boat.owner_id = boat.owner_id or ctx.actor.member_id
    ctx.session.add(boat)
    await ctx.session.flush()
    ctx.emit(BoatEvent(subject_id=boat.id, verb="created"))
    return boat


async def update(ctx: Any, boat: Boat, patch: BoatPatch) -> Boat:
    if patch.tags is not UNSET and "forbidden" in patch.tags:
        boat.tags = ["half", "done"]
        await ctx.session.flush()
        raise Invalid.field("tags", "forbidden", "Not that one.")
    for name, value in msgspec.structs.asdict(patch).items():
        if value is not UNSET:
            setattr(boat, name, value)
    ctx.emit(BoatEvent(subject_id=boat.id, verb="updated"))
    return boat


async def delete(ctx: Any, boat: Boat) -> None:
    boat.deleted_at = ctx.now()


async def restore(ctx: Any, boat: Boat) -> None:
    boat.deleted_at = None


YARD = RecordType(
    plugin="records",
    key="toy_yard",
    path="yards",
    title="Yard",
    title_plural="Yards",
    icon="ship",
    model=Yard,
    create=BoatIn,
    patch=BoatPatch,
    out=BoatOut,
    to_out=to_out,
    verbs=Verbs(create=create, update=update, delete=delete),
    permission="yards",
    label=Yard.name,
    columns=(Column("name", "Name", Yard.name, link=True),),
)

BOAT = RecordType(
    plugin="records",
    key="toy_boat",
    path="boats",
    title="Boat",
    title_plural="Boats",
    icon="ship",
    model=Boat,
    create=BoatIn,
    patch=BoatPatch,
    out=BoatOut,
    to_out=to_out,
    verbs=Verbs(create=create, update=update, delete=delete, restore=restore),
    permission="boats",
    label=Boat.name,
    owner=Boat.owner_id,
    natural_order="name",
    default_columns=("name", "state", "owner", "price"),
    columns=(
        Column("name", "Name", Boat.name, link=True, editable=True),
        Column(
            "state",
            "State",
            Boat.state,
            kind="choice",
            choices=(Choice("new", "New", "success"), Choice("old", "Old")),
            editable=True,
        ),
        Column("notes", "Notes", Boat.notes, kind="longtext"),
        Column("length", "Length", Boat.length, kind="number", editable=True),
        Column("draught", "Draught", Boat.draught, kind="number"),
        Column("price", "Price", Boat.price_minor, kind="money", currency=Boat.currency, editable=True),
        Column("launched_on", "Launched", Boat.launched_on, kind="date"),
        Column("seen_at", "Seen", Boat.seen_at, kind="datetime"),
        Column("is_sailing", "Sailing", Boat.is_sailing, kind="bool"),
        Column("tags", "Tags", Boat.tags, kind="tags", editable=True),
        Column("owner", "Owner", Boat.owner_id, kind="member", editable=True),
        Column("yard", "Yard", Boat.yard_id, kind="ref", ref="toy_yard"),
        Column("created_at", "Created", Boat.created_at, kind="datetime"),
        Column("secret", "Secret", Boat.external_id, sortable=False, filterable=False),
    ),
)

PERMISSIONS = [
    Permission(
        name=f"{area}.{action}",
        title=action,
        reach={
            "owner": "all",
            "manager": "team",
            "member": "own",
            "readonly": "all" if action == "view" else "none",
        },
        plugin="records",
    )
    for area in ("boats", "yards")
    for action in ("view", "create", "edit", "delete")
]
