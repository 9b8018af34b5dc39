"""What a record type consists of, for programs: its columns with their operations, and the fields it takes."""

from typing import Any

import msgspec

from core.ext.specs import Column, RecordType
from core.kernel.validate import fields
from core.records import lists
from core.records.query import default_columns, is_sortable, operations


class ChoiceInfo(msgspec.Struct, frozen=True):
    """One value of a choice."""

    value: str
    title: str
    tone: str


class ColumnInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a list can show, filter and sort by."""

    name: str
    title: str
    kind: str
    sortable: bool
    editable: bool
    default: bool
    operations: list[str]
    choices: list[ChoiceInfo] = []
    ref: str | None = None


class FieldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a body takes."""

    name: str
    title: str
    kind: str
    required: bool
    max_length: int | None = None
    choices: list[ChoiceInfo] = []
    help: str | None = None


class TypeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One record type in full."""

    record_type: str
    path: str
    title: str
    title_plural: str
    columns: list[ColumnInfo]
    create: list[FieldInfo]
    update: list[FieldInfo]


def describe(ctx: Any, type_: RecordType) -> TypeInfo:
    """Describe a record type in the actor's language."""
    shown = default_columns(type_)
    lent = lists.reading(ctx).foreign.get(type_.key, {})
    return TypeInfo(
        record_type=type_.key,
        path=type_.path,
        title=ctx.t(type_.title),
        title_plural=ctx.t(type_.title_plural),
        columns=[_column(ctx, column, column.key in shown) for column in (*type_.columns, *lent.values())],
        create=_fields(ctx, type_.create),
        update=_fields(ctx, type_.patch),
    )


def _column(ctx: Any, column: Column, is_default: bool) -> ColumnInfo:
    return ColumnInfo(
        name=column.key,
        title=ctx.t(column.title),
        kind=column.kind,
        sortable=column.attribute is not None and is_sortable(column),
        editable=column.editable,
        default=is_default,
        operations=list(operations(column)) if column.filterable else [],
        choices=[ChoiceInfo(c.value, ctx.t(c.label), c.tone) for c in column.choices],
        ref=column.ref or None,
    )


def _fields(ctx: Any, struct: type[msgspec.Struct]) -> list[FieldInfo]:
    return [
        FieldInfo(
            name=field.name,
            title=ctx.t(field.title),
            kind=field.kind,
            required=field.required,
            max_length=field.max_length,
            choices=[ChoiceInfo(str(choice[0]), ctx.t(choice[1]), "neutral") for choice in field.choices],
            help=ctx.t(field.help) if field.help else None,
        )
        for field in fields(struct)
    ]
