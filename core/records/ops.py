"""Filter operations per kind of column: which exist, what they take, and their SQL condition. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ARRAY, ColumnElement, Numeric, and_, func, literal, not_, or_

from core.ext.specs import Column, ColumnKind
from core.kernel import money
from core.kernel.i18n import N_
from core.records.values import NUMERIC, TEXTUAL, Reader, Reading, Sum, days, read, start_of

Op = Literal[
    "eq",
    "ne",
    "in",
    "contains",
    "starts",
    "empty",
    "notempty",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "before",
    "after",
    "last_days",
    "next_days",
    "me",
]

MAX_VALUES: Final = 100

TITLES: Final[Mapping[Op, str]] = {
    "eq": N_("is"),
    "ne": N_("is not"),
    "in": N_("is one of"),
    "contains": N_("contains"),
    "starts": N_("starts with"),
    "empty": N_("is empty"),
    "notempty": N_("is not empty"),
    "gt": N_("is more than"),
    "gte": N_("is at least"),
    "lt": N_("is less than"),
    "lte": N_("is at most"),
    "between": N_("is between"),
    "before": N_("is before"),
    "after": N_("is after"),
    "last_days": N_("in the last days"),
    "next_days": N_("in the next days"),
    "me": N_("is me"),
}

_TEXT: Final[tuple[Op, ...]] = ("contains", "eq", "ne", "starts", "in", "empty", "notempty")
_ORDER: Final[tuple[Op, ...]] = ("eq", "ne", "gt", "gte", "lt", "lte", "between", "empty", "notempty")
_TIME: Final[tuple[Op, ...]] = (
    "eq",
    "before",
    "after",
    "between",
    "last_days",
    "next_days",
    "gte",
    "lte",
    "empty",
    "notempty",
)

OPS: Final[Mapping[ColumnKind, tuple[Op, ...]]] = {
    **dict.fromkeys(TEXTUAL, _TEXT),
    **dict.fromkeys(NUMERIC, _ORDER),
    "date": _TIME,
    "datetime": _TIME,
    "bool": ("eq",),
    "choice": ("eq", "ne", "in", "empty", "notempty"),
    "country": ("eq", "ne", "in", "empty", "notempty"),
    "member": ("eq", "me", "ne", "in", "empty", "notempty"),
    "ref": ("eq", "ne", "in", "empty", "notempty"),
    "tags": ("contains", "eq", "ne", "in", "empty", "notempty"),
}

_ALONE: Final = frozenset({"empty", "notempty", "me"})
_MANY: Final = frozenset({"in", "between"})


@dataclass(frozen=True, slots=True)
class Filter:
    """One valid filter: its column, operation, read values, and the text it came from."""

    column: Column
    op: Op
    values: tuple[object, ...]
    raw: str

    @property
    def token(self) -> str:
        """The filter as it stands in an address: `field:op:value`."""
        return f"{self.column.key}:{self.op}:{self.raw}"


def read_values(column: Column, op: Op, raw: str, reading: Reading) -> tuple[object, ...]:
    """Read what `op` takes on `column`; raises ValueError with a message id."""
    if op in _ALONE:
        if raw:
            raise ValueError(N_("This condition takes no value."))
        if op == "me" and reading.member_id is None:
            raise ValueError(N_("Only a member can ask for 'me'."))
        return (reading.member_id,) if op == "me" else ()
    reader: Reader = days if op.endswith("_days") else lambda part, how: read(column, part, how)
    parts = [part for part in raw.split(",") if part] if op in _MANY else [raw]
    if op == "between" and len(parts) != 2:
        raise ValueError(N_("This condition takes two values with a comma between."))
    if not parts or not parts[0] or len(parts) > MAX_VALUES:
        raise ValueError(N_("This condition needs a value."))
    return tuple(reader(part, reading) for part in parts)


def condition(item: Filter, reading: Reading) -> ColumnElement[bool]:
    """Return the SQL condition of a valid filter."""
    attribute = item.column.attribute
    if item.op in {"empty", "notempty"}:
        return _empty(item.column) if item.op == "empty" else not_(_empty(item.column))
    if item.column.kind == "tags":
        return _tags(attribute, item)
    if item.op.endswith("_days"):
        return _days(item, reading)
    if item.column.kind == "datetime":
        return _instants(item, reading)
    if item.column.kind == "money":
        return _money(item, reading)
    return _SIMPLE[item.op](attribute, item.values)


def like(attribute: Any, value: str, *, anywhere: bool) -> ColumnElement[bool]:
    """Match text without regard to case; wildcards in `value` are plain characters."""
    if anywhere:
        return attribute.icontains(value, autoescape=True)  # type: ignore[no-any-return]
    return attribute.istartswith(value, autoescape=True)  # type: ignore[no-any-return]


def _empty(column: Column) -> ColumnElement[bool]:
    attribute = column.attribute
    if column.kind == "tags":
        size = func.cardinality if isinstance(attribute.type, ARRAY) else func.jsonb_array_length
        return func.coalesce(size(attribute), 0) == 0
    if column.kind in TEXTUAL or column.kind == "choice":
        return func.coalesce(attribute, "") == ""
    return attribute.is_(None)  # type: ignore[no-any-return]


def _tags(attribute: Any, item: Filter) -> ColumnElement[bool]:
    has = [attribute.contains([value]) for value in item.values]
    if item.op == "ne":
        return or_(attribute.is_(None), not_(has[0]))
    return or_(*has)


def _days(item: Filter, reading: Reading) -> ColumnElement[bool]:
    """The last n days end today, the next n begin today; both include it."""
    span = item.values[0]
    if not isinstance(span, timedelta):
        raise TypeError(span)
    first, last = reading.today, reading.today
    if item.op == "last_days":
        first = reading.today - span
    else:
        last = reading.today + span
    attribute = item.column.attribute
    if item.column.kind == "date":
        return and_(attribute >= first, attribute <= last)
    return and_(
        attribute >= start_of(first, reading), attribute < start_of(last + timedelta(days=1), reading)
    )


def _money(item: Filter, reading: Reading) -> ColumnElement[bool]:
    """A sum is compared with each record's own in that one's currency: 100 are 10000 fen and 100 yen."""
    attribute, currency = item.column.attribute, item.column.currency

    def compared(digits: int) -> ColumnElement[bool]:
        minor = (value.minor(digits) for value in item.values if isinstance(value, Sum))
        # A part of a yen is no yen, but it is more than none.
        whole = [int(one) if one == int(one) else literal(one, Numeric()) for one in minor]
        return _SIMPLE[item.op](attribute, whole)

    if currency is None:
        return compared(reading.money_digits)
    unusual = money.unusual()
    others = [code for codes in unusual.values() for code in codes]
    groups = [and_(currency.in_(codes), compared(digits)) for digits, codes in unusual.items()]
    return or_(and_(or_(currency.is_(None), currency.not_in(others)), compared(money.USUAL)), *groups)


def _instants(item: Filter, reading: Reading) -> ColumnElement[bool]:
    """A bare date means its whole day where the reader is, be it of 23 or of 25 hours."""
    attribute, values = item.column.attribute, item.values
    whole = [len(part) <= 10 for part in item.raw.split(",")]
    ends = [_end_of_day(v, reading) if w else v for v, w in zip(values, whole, strict=False)]
    if item.op == "eq":
        if whole[0]:
            return and_(attribute >= values[0], attribute < ends[0])
        return attribute == values[0]  # type: ignore[no-any-return]
    if item.op == "between":
        return and_(attribute >= values[0], attribute < ends[1] if whole[1] else attribute <= values[1])
    if item.op in {"after", "lte"} and whole[0]:
        return attribute >= ends[0] if item.op == "after" else attribute < ends[0]  # type: ignore[no-any-return]
    return _SIMPLE[item.op](attribute, values)


def _end_of_day(begin: Any, reading: Reading) -> datetime:
    return start_of(begin.astimezone(reading.zone).date() + timedelta(days=1), reading)


def _not_equal(attribute: Any, values: Sequence[object]) -> ColumnElement[bool]:
    """An empty value is not the asked one, so it stays in the list."""
    return or_(attribute != values[0], attribute.is_(None))


_SIMPLE: Final[Mapping[str, Callable[[Any, Sequence[Any]], ColumnElement[bool]]]] = {
    "eq": lambda a, v: a == v[0],
    "me": lambda a, v: a == v[0],
    "ne": _not_equal,
    "in": lambda a, v: a.in_(v),
    "contains": lambda a, v: like(a, v[0], anywhere=True),
    "starts": lambda a, v: like(a, v[0], anywhere=False),
    "gt": lambda a, v: a > v[0],
    "gte": lambda a, v: a >= v[0],
    "lt": lambda a, v: a < v[0],
    "lte": lambda a, v: a <= v[0],
    "before": lambda a, v: a < v[0],
    "after": lambda a, v: a > v[0],
    "between": lambda a, v: a.between(v[0], v[1]),
}
