"""Keyset pages: the order of a list, the condition that continues it, and the opaque cursor between the two.

Never counts, never skips by offset. A cursor is not a secret and not signed: it carries sort values that the
reader has just seen, and it is validated as strictly as any input.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Numeric, and_, false, or_, true
from sqlalchemy.types import BigInteger, Boolean, Date, DateTime, Integer, SmallInteger, TypeEngine, Uuid

from core.kernel.errors import BadRequest
from core.kernel.i18n import N_

__all__ = ["Key", "Page", "cut", "decode", "encode", "following", "order_by"]

T = TypeVar("T")
MAX_CURSOR: Final = 2_000
MAX_DIGITS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key; empty values come last in either direction. `name` is the row's attribute."""

    name: str
    column: Any
    descending: bool = False
    nullable: bool = False

    @property
    def token(self) -> str:
        """The key and its direction in short, to recognise a cursor of another order."""
        return f"-{self.name}" if self.descending else self.name


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items and where the next ones begin."""

    items: Sequence[T]
    next_cursor: str | None = None
    prev_cursor: str | None = None


def order_by(keys: Sequence[Key]) -> list[ColumnElement[Any]]:
    """Return the ORDER BY of `keys`; the last must be unique, as an id is."""
    found: list[ColumnElement[Any]] = []
    for key in keys:
        column = key.column.desc() if key.descending else key.column.asc()
        found.append(column.nulls_last() if key.nullable else column)
    return found


def following(keys: Sequence[Key], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition of the rows after the one with `values`, which decode() has checked."""
    ways: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for key, value in zip(keys, values, strict=True):
        ways.append(and_(*equal, _beyond(key, value)))
        equal.append(key.column.is_(None) if value is None else key.column == value)
    first, start = keys[0], values[0]
    if first.nullable or start is None:
        return or_(*ways)
    # Redundant, but it gives the planner a plain range on the leading column of an index.
    bound = first.column <= start if first.descending else first.column >= start
    return and_(bound, or_(*ways))


def _beyond(key: Key, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false()
    beyond = key.column < value if key.descending else key.column > value
    return or_(beyond, key.column.is_(None)) if key.nullable else and_(true(), beyond)


def encode(keys: Sequence[Key], row: Any) -> str:
    """Return the cursor that stands after `row`, a record or a result row."""
    body = [",".join(key.token for key in keys), *(getattr(row, key.name) for key in keys)]
    return base64.urlsafe_b64encode(msgspec.json.encode(body)).rstrip(b"=").decode()


def decode(keys: Sequence[Key], cursor: str) -> list[Any]:
    """Read a cursor for this order; raises BadRequest for anything that encode() would not have given."""
    try:
        if len(cursor) > MAX_CURSOR:
            raise ValueError(cursor[:20])
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        body = msgspec.json.decode(raw, type=list[Any])
        if len(body) != len(keys) + 1 or body[0] != ",".join(key.token for key in keys):
            raise ValueError(body)
        return [_value(key, value) for key, value in zip(keys, body[1:], strict=True)]
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        text = N_("This place in the list does not exist any more. Start from the beginning.")
        raise BadRequest(code="paging.cursor", detail=text) from error


def cut(keys: Sequence[Key], rows: Sequence[T], limit: int) -> Page[T]:
    """Make a page of `limit` rows from a query that asked for one more."""
    if len(rows) <= limit:
        return Page(rows)
    items = rows[:limit]
    return Page(items, encode(keys, items[-1]))


def _value(key: Key, value: Any) -> Any:
    if value is None:
        if not key.nullable:
            raise ValueError(key.name)
        return None
    found: Any = msgspec.convert(value, _python_type(key.column.type), strict=False)
    if not _fits(key.column.type, found):
        raise ValueError(key.name)
    return found


def _fits(type_: TypeEngine[Any], found: Any) -> bool:
    """Tell whether PostgreSQL could hold the value: a forged cursor must not become a database error."""
    if isinstance(found, str):
        return "\x00" not in found
    if isinstance(found, int):
        return abs(found) < next((most for kind, most in _WHOLE if isinstance(type_, kind)), 2**31)
    if isinstance(found, Decimal):
        return found.is_finite() and abs(found.adjusted()) < MAX_DIGITS
    if isinstance(found, datetime):
        return (found.tzinfo is not None) == bool(getattr(type_, "timezone", False)) and 1 < found.year < 9999
    return True


def _python_type(type_: TypeEngine[Any]) -> type:
    for sql, python in _TYPES:
        if isinstance(type_, sql):
            return python
    return str


_WHOLE: Final = ((BigInteger, 2**63), (SmallInteger, 2**15))
_TYPES: Final[tuple[tuple[Any, type], ...]] = (
    (Boolean, bool),
    (Integer, int),
    (Numeric, Decimal),
    (DateTime, datetime),
    (Date, date),
    (Uuid, UUID),
)
