"""Conditions that other modules lend to a type's lists: how their values are read, offered, and turned into SQL.

Owns the marriage of a declared filter and a list. Never lets a condition that fails count as true.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement

from core.ext import specs
from core.ext.faults import alone, failed, in_time
from core.ext.specs import Column
from core.kernel.errors import Invalid
from core.kernel.i18n import N_

OPS: Final[Mapping[str, tuple[specs.FilterOp, ...]]] = {
    "choice": ("eq", "in"),
    "text": ("eq", "contains"),
    "number": ("eq", "gt", "gte", "lt", "lte", "between"),
    "money": ("eq", "gt", "gte", "lt", "lte", "between"),
    "date": ("eq", "before", "after", "gte", "lte", "between"),
    "bool": ("eq",),
}
CHOICES_S: Final = 2.0
NONE: Final[Mapping[str, Mapping[str, Column]]] = MappingProxyType({})


class ForeignColumn(Column, frozen=True):
    """A filter of another module in the shape of a column; it can be asked about and not be shown."""

    declared: Any = None


def columns(ctx: Any) -> Mapping[str, Mapping[str, Column]]:
    """The filters that the actor may use, by record type and name (``marketing.forms.submitted``)."""
    found: dict[str, dict[str, Column]] = {}
    for item in ctx.machinery.registry.serve(specs.Filter, ctx):
        name = f"{item.plugin}.{item.key}"
        column = ForeignColumn(key=name, title=item.title, attribute=None, kind=item.kind, declared=item)
        found.setdefault(item.record_type, {})[name] = column
    return found or NONE


def condition(ctx: Any, model: type[Any], item: Any) -> ColumnElement[bool]:
    """The SQL of a filter of another module; raises :class:`Invalid` where the module fails to say it."""
    declared: specs.Filter = item.column.declared
    try:
        with in_time(ctx, declared):
            found = declared.condition(ctx, model.id, item.op, item.values)
        if not isinstance(found, ColumnElement):
            raise TypeError(f"the condition is {found!r}")
    except Exception as error:
        failed(ctx, declared, error)
        text = N_("The condition {field} could not be worked out: its module failed.")
        raise Invalid.field(f"f.{item.column.key}", "broken", text, field=ctx.t(declared.title)) from error
    return found


async def offers(ctx: Any, column: Column, text: str, most: int) -> Sequence[tuple[str, str]]:
    """The values to choose from whose names contain a text; none where the module fails."""
    declared = column.declared if isinstance(column, ForeignColumn) else None
    if declared is None or declared.choices is None:
        return ()
    try:
        async with alone(ctx, CHOICES_S):
            found = [(str(value), str(name)) for value, name in await declared.choices(ctx)]
    except Exception as error:
        failed(ctx, declared, error)
        return ()
    asked = text.casefold()
    return [(value, name) for value, name in found if asked in name.casefold()][:most]
