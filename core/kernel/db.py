"""Declarative bases, mixins and column types that every model is written against.

Owns three MetaData objects (tenant, control, cell), the columns shared by all records, the default
filter on soft-deleted records and the stamping of ``updated_at``. Emits nothing.
Never opens a connection and never knows a tenant.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Dialect,
    FromClause,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    Uuid,
    event,
    inspect,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedColumn,
    ORMExecuteState,
    Session,
    UOWTransaction,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.types import TypeDecorator

from core.kernel.ids import uuid7

NAMING: Final = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

_JSON: Final = JSONB(none_as_null=True)

TYPES: Final[dict[Any, Any]] = {
    str: Text(),
    int: BigInteger(),
    bytes: LargeBinary(),
    datetime: DateTime(timezone=True),
    date: Date(),
    Decimal: Numeric(),
    UUID: Uuid(),
    dict: _JSON,
    dict[str, Any]: _JSON,
    dict[str, object]: _JSON,
    dict[str, str]: _JSON,
    dict[str, int]: _JSON,
    list: _JSON,
    list[Any]: _JSON,
    list[object]: _JSON,
    list[str]: _JSON,
    list[int]: _JSON,
    list[dict[str, Any]]: _JSON,
    list[dict[str, object]]: _JSON,
}

metadata: Final = MetaData(naming_convention=NAMING)
control_metadata: Final = MetaData(naming_convention=NAMING, schema="control")
cell_metadata: Final = MetaData(naming_convention=NAMING, schema="cell")


def utc_now() -> datetime:
    """Give the present instant in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of tables that every tenant schema has.

    ``__table_args__ = {"info": {"grants": "SELECT, INSERT"}}`` narrows what the tenant's role may do.
    """

    metadata = metadata
    type_annotation_map = TYPES


class ControlBase(DeclarativeBase):
    """Base of tables in schema ``control``, one per installation."""

    metadata = control_metadata
    type_annotation_map = TYPES


class CellBase(DeclarativeBase):
    """Base of tables in schema ``cell``, one set per cell database.

    ``info={"tenant_grants": "INSERT"}`` lets tenant roles use a table, always under row-level security:
    such a table has a column ``tenant_role`` (text, server default ``current_user``), and a tenant
    sees and writes only the rows that carry its own role name.
    """

    metadata = cell_metadata
    type_annotation_map = TYPES


class Ref(TypeDecorator[UUID]):
    """A UUID column that points at a record of the named type: ``mapped_column(Ref("customer"), …)``.

    Merge, erase, export and undo find references to a record by this type.
    """

    impl = Uuid
    cache_ok = True

    def __init__(self, record_type: str) -> None:
        super().__init__()
        self.record_type = record_type


class Exact(TypeDecorator[Decimal]):
    """A number with a fixed scale that is read as it was written: 6, not 6.0000000000."""

    impl = Numeric
    cache_ok = True

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:
        """Drop the zeros that the scale added."""
        if value is None:
            return None
        return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


class Row:
    """Columns of every record: id, instants and the optimistic version."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-100)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, sort_order=900)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, sort_order=901)
    version: Mapped[int] = mapped_column(default=1, sort_order=902)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Entity(Row):
    """A record that people own, link to, delete softly and address by their own key."""

    __table__: ClassVar[FromClause]
    __tablename__: Any

    external_id: Mapped[str | None] = mapped_column(sort_order=910)
    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=911)
    created_by_id: Mapped[UUID | None] = mapped_column(Ref("member"), sort_order=912)
    updated_by_id: Mapped[UUID | None] = mapped_column(Ref("member"), sort_order=913)


class Restrictable:
    """A record about a person; ``restricted_at`` is set while it may be stored, and nothing else be done with it."""

    restricted_at: Mapped[datetime | None] = mapped_column(sort_order=914)


@event.listens_for(Entity, "after_mapper_constructed", propagate=True)
def _external_id_is_unique(_mapper: Any, cls: type[Entity]) -> None:
    columns = cls.__table__.c
    if "external_id" in columns:
        Index(
            f"uq_{cls.__tablename__}_external_id",
            columns.external_id,
            unique=True,
            postgresql_where=columns.deleted_at.is_(None),
        )


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, _flush: UOWTransaction, _instances: object) -> None:
    # session.info["now"] is the context's clock, which tests and imports may hold still.
    now: Callable[[], datetime] = session.info.get("now", utc_now)
    # The session itself forgets what nobody else holds, and search would read it again before the commit.
    session.info.setdefault("written", []).extend(session.new)
    for record in session.new:
        if isinstance(record, Row):
            at = now()
            record.created_at = record.created_at or at
            record.updated_at = record.updated_at or at
    for record in session.dirty:
        if not isinstance(record, Row) or not session.is_modified(record):
            continue
        if not inspect(record).attrs.updated_at.history.has_changes():
            record.updated_at = now()


@event.listens_for(Session, "do_orm_execute")
def _hide_deleted(state: ORMExecuteState) -> None:
    """Leave soft-deleted records out unless ``execution_options(include_deleted=True)`` asks for them."""
    if (
        state.is_select
        and not state.is_column_load
        and not state.is_relationship_load
        and not state.execution_options.get("include_deleted", False)
    ):
        state.statement = state.statement.options(_NOT_DELETED)


_NOT_DELETED: Final = with_loader_criteria(
    Entity, lambda cls: cls.deleted_at.is_(None), include_aliases=True, propagate_to_loaders=True
)

__all__ = [
    "Base",
    "CellBase",
    "ControlBase",
    "Entity",
    "Mapped",
    "MappedColumn",
    "Ref",
    "Restrictable",
    "Row",
    "cell_metadata",
    "control_metadata",
    "mapped_column",
    "metadata",
    "utc_now",
]
