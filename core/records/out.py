"""Records as the API shows them: the declared struct, filled from columns of the same names.

A type whose struct needs more than that declares ``to_out``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from core.ext.specs import RecordType
from core.kernel.statements import Row
from core.records.lists import selected


def one(type_: RecordType, record: Any) -> msgspec.Struct:
    """Show a record, or a row of a list."""
    return _shower(type_)(record)


def many(type_: RecordType, rows: Sequence[Any]) -> list[msgspec.Struct]:
    """Show the rows of a list; the mapper's are read by position, which is several times faster than by name."""
    if type_.to_out is not None or not rows or isinstance(rows[0], Row):
        return list(map(_shower(type_), rows))
    names, read = _positions(type_)
    return [type_.out(**dict(zip(names, read(row), strict=True))) for row in rows]


@cache
def _shower(type_: RecordType) -> Callable[[Any], msgspec.Struct]:
    if type_.to_out is not None:
        return type_.to_out
    names = type_.out.__struct_fields__
    read = attrgetter(*names)

    def show(record: Any) -> msgspec.Struct:
        return type_.out(**dict(zip(names, read(record), strict=True)))

    return show


@cache
def _positions(type_: RecordType) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The struct's fields, and what takes their values from a row of ``lists.selected``."""
    places = {column.key: place for place, column in enumerate(selected(type_))}
    names = type_.out.__struct_fields__
    return names, itemgetter(*(places[name] for name in names))
