"""Conditions on what an event says: pure, for a message either fits or does not.

A field is looked for among the event's own data, then among what changed (its value afterwards), then in what every
event has: ``label``, ``record_type``, ``record_id``, ``actor``. Dots lead into objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, get_args

import msgspec

from core.kernel.errors import FieldError, Invalid
from core.kernel.events import Stored
from core.kernel.i18n import N_
from core.kernel.types import ShortText

Op = Literal["eq", "ne", "in", "contains", "starts", "gt", "gte", "lt", "lte", "empty", "notempty", "changed"]
OPS: Final = get_args(Op)
ALONE: Final = frozenset({"empty", "notempty", "changed"})
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+){0,5}", re.ASCII)
_SIGNS: Final = {
    "=": "eq",
    "!=": "ne",
    "≠": "ne",
    ">": "gt",
    ">=": "gte",
    "≥": "gte",
    "<": "lt",
    "<=": "lte",
    "≤": "lte",
}


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison; ``in`` takes several values with commas between them, ``changed`` and ``empty`` take none."""

    field: ShortText
    op: Op
    value: ShortText = ""


def check(conditions: Sequence[Condition], path: str = "conditions") -> list[FieldError]:
    """What is wrong with conditions."""
    wrong = []
    for number, one in enumerate(conditions):
        place = f"{path}.{number}"
        if not _FIELD.fullmatch(one.field):
            wrong.append(FieldError(f"{place}.field", "field", N_("This is not the name of a field.")))
        if one.op not in ALONE and not one.value:
            wrong.append(FieldError(f"{place}.value", "required", N_("Say what to compare with.")))
        if one.op in {"gt", "gte", "lt", "lte"} and one.value and not _comparable(one.value):
            wrong.append(FieldError(f"{place}.value", "number", N_("Compare with a number or a date.")))
    return wrong


def read(text: str) -> list[Condition]:
    """Conditions as people write them, one in a line: ``amount_minor >= 100000``.

    Raises Invalid with every wrong line.
    """
    found, wrong = [], []
    for line in filter(None, map(str.strip, text.splitlines())):
        field, _, rest = line.partition(" ")
        word, _, value = rest.strip().partition(" ")
        op = _SIGNS.get(word, word)
        if op in OPS and _FIELD.fullmatch(field) and (op in ALONE) != bool(value.strip()):
            found.append(msgspec.convert({"field": field, "op": op, "value": value.strip()}, Condition))
        else:
            message = N_("“{line}” is no condition. Write a field, a comparison and a value.")
            wrong.append(FieldError("conditions", "condition", message, {"line": line[:80]}))
    if wrong:
        raise Invalid(errors=wrong)
    return found


def write(conditions: Iterable[Mapping[str, Any]]) -> str:
    """Conditions as people write them."""
    signs = {op: sign for sign, op in reversed(_SIGNS.items())}
    return "\n".join(
        " ".join(filter(None, (one["field"], signs.get(one["op"], one["op"]), one.get("value", ""))))
        for one in conditions
    )


def fits(conditions: Sequence[Mapping[str, Any]], event: Stored) -> bool:
    """Whether all conditions hold."""
    return all(_holds(one["field"], one["op"], one.get("value", ""), event) for one in conditions)


def _holds(field: str, op: str, wanted: str, event: Stored) -> bool:
    if op == "changed":
        return field.removeprefix("changes.") in event.changes
    value = _value(field, event)
    if op in ("empty", "notempty"):
        return (value in (None, "", [], {})) == (op == "empty")
    return _COMPARISONS[op](value, wanted)


def _value(field: str, event: Stored) -> Any:
    own = {
        "label": event.label,
        "record_type": event.record_type,
        "record_id": str(event.record_id),
        "actor": {"kind": event.actor.kind, "name": event.actor.name, "member_id": event.actor.member_id},
        "data": event.data,
    }
    after = {name: pair[1] for name, pair in event.changes.items()}
    first, *rest = field.split(".")
    if first == "changes" and rest:
        first, *rest = rest
        found = after.get(first)
    else:
        found = next((place[first] for place in (event.data, after, own) if first in place), None)
    for part in rest:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _equal(value: Any, wanted: str) -> bool:
    if isinstance(value, list):
        return any(_equal(one, wanted) for one in value)
    number, other = _number(_text(value)), _number(wanted)
    if number is not None and other is not None:
        return number == other
    return _text(value).casefold() == wanted.casefold()


def _contains(value: Any, wanted: str) -> bool:
    if isinstance(value, list):
        return _equal(value, wanted)
    return wanted.casefold() in _text(value).casefold()


def _order(value: Any, wanted: str) -> int | None:
    """-1, 0 or 1, None where the two cannot be compared: numbers with numbers, dates with dates."""
    if value is None or isinstance(value, bool | list | Mapping):
        return None
    left, right = _number(_text(value)), _number(wanted)
    if left is not None and right is not None:
        return (left > right) - (left < right)
    one, other = str(value), wanted
    if _is_date(one) and _is_date(other):
        length = min(len(one), len(other))
        return (one[:length] > other[:length]) - (one[:length] < other[:length])
    return None


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}([T ].*)?", text, re.ASCII) is not None


def _comparable(text: str) -> bool:
    return _number(text) is not None or _is_date(text)


_COMPARISONS: Final[Mapping[str, Callable[[Any, str], bool]]] = {
    "eq": _equal,
    "ne": lambda value, wanted: not _equal(value, wanted),
    "in": lambda value, wanted: any(_equal(value, one.strip()) for one in wanted.split(",")),
    "contains": _contains,
    "starts": lambda value, wanted: _text(value).casefold().startswith(wanted.casefold()),
    "gt": lambda value, wanted: _order(value, wanted) == 1,
    "gte": lambda value, wanted: _order(value, wanted) in (0, 1),
    "lt": lambda value, wanted: _order(value, wanted) == -1,
    "lte": lambda value, wanted: _order(value, wanted) in (-1, 0),
}
