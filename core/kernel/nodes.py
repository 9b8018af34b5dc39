"""Readers of single values, one per type, compiled once per struct and kept.

A reader returns the value or raises Refused with all errors inside it, their paths relative to the value.
Never knows where the data came from, except whether it is typed text or JSON.
"""

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from core.kernel import entered
from core.kernel.i18n import N_
from core.kernel.kinds import KINDS, Reading, Refused, clean

__all__ = ["LEAVES", "Choice", "Leaf", "Node", "Number", "Text", "required"]

_ABSENT: Final = object()
_INT_MAX: Final = 2**63 - 1
_DECIMAL_DIGITS_MAX: Final = 60
_CHOICES_SHOWN: Final = 12


def required() -> Refused:
    """Build the refusal of a missing value."""
    return Refused.because("required", N_("This field is required"))


@dataclass(slots=True, kw_only=True)
class Node:
    """A reader of one type; `nullable` is what `| None` says."""

    nullable: bool = False

    def read(self, value: Any, reading: Reading) -> Any:
        """Read a value that is not null."""
        raise NotImplementedError

    def read_any(self, value: Any, reading: Reading) -> Any:
        """Read a value or null."""
        if value is None or (reading.text and isinstance(value, str) and not value.strip()):
            if self.nullable:
                return None
            raise required()
        return self.read(value, reading)


@dataclass(slots=True, kw_only=True)
class Text(Node):
    """Reads text of a kind."""

    kind: str = "text"
    min_length: int = 0
    max_length: int | None = None
    pattern: re.Pattern[str] | None = None
    normal: Callable[[str, Reading], str] | None = None

    def __post_init__(self) -> None:
        self.normal = KINDS.get(self.kind)

    def read(self, value: Any, reading: Reading) -> str:
        """Clean, normalise and measure a text."""
        if value.__class__ is not str:
            if not reading.text or isinstance(value, bool | list | Mapping):
                raise Refused.because("type", N_("Enter text"))
            value = _cell(value)
        text = clean(value, trim=self.kind != "secret")
        if not text and self.min_length:
            raise required()
        if self.max_length is not None and len(text) > self.max_length and self.kind not in _SHORTENED:
            raise Refused.because("max_length", N_("Use at most {max} characters"), max=self.max_length)
        if self.normal is not None:
            text = self.normal(text, reading)
        if len(text) < self.min_length:
            raise Refused.because("min_length", N_("Use at least {min} characters"), min=self.min_length)
        if self.pattern is not None and not self.pattern.search(text):
            raise Refused.because("pattern", N_("This does not have the expected form"))
        return text


# Their own check says more than a length would.
_SHORTENED: Final = frozenset({"email", "phone", "currency", "country", "color", "locale", "timezone"})


def _cell(value: Any) -> str:
    """Write a spreadsheet's number as the text it stands for: 13800138000.0 is a phone number."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@dataclass(slots=True, kw_only=True)
class Number(Node):
    """Reads whole and decimal numbers within bounds."""

    type: type[int] | type[float] | type[Decimal]
    at_least: Any = None
    at_most: Any = None
    more_than: Any = None
    less_than: Any = None

    def read(self, value: Any, reading: Reading) -> Any:
        """Read a number; JSON numbers and, for decimals, JSON strings."""
        if reading.text and isinstance(value, str):
            value = entered.read_decimal(value)
        number = self._convert(value)
        if number is None:
            whole = self.type is int
            raise Refused.because("type", N_("Enter a whole number") if whole else N_("Enter a number"))
        self._bound(number)
        return number

    def _convert(self, value: Any) -> Any:
        if value.__class__ is int and self.type is int:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
            return None
        if isinstance(value, str) and (self.type is not Decimal or len(value) > _DECIMAL_DIGITS_MAX):
            return None
        try:
            exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        except ArithmeticError:
            return None
        if not exact.is_finite() or abs(exact.adjusted()) > _DECIMAL_DIGITS_MAX:
            return None
        if self.type is int:
            return int(exact) if exact == exact.to_integral_value() else None
        return float(exact) if self.type is float else exact

    def _bound(self, number: Any) -> None:
        if self.at_least is not None and number < self.at_least:
            raise Refused.because("min", N_("Enter {min} or more"), min=self.at_least)
        if self.at_most is not None and number > self.at_most:
            raise Refused.because("max", N_("Enter {max} or less"), max=self.at_most)
        if self.more_than is not None and number <= self.more_than:
            raise Refused.because("min", N_("Enter more than {min}"), min=self.more_than)
        if self.less_than is not None and number >= self.less_than:
            raise Refused.because("max", N_("Enter less than {max}"), max=self.less_than)
        if self.type is int and not -_INT_MAX <= number <= _INT_MAX:
            raise Refused.because("max", N_("This number is too large"))


def _read_id(text: str, reading: Reading) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# type -> how typed text is read, and what is said when it cannot be
LEAVES: Final[dict[type, tuple[Callable[[str, Reading], Any], str]]] = {
    bool: (lambda text, _: entered.read_bool(text), N_("Choose yes or no")),
    date: (lambda text, _: entered.read_date(text), N_("Enter a date such as 2026-11-21")),
    datetime: (
        lambda text, reading: entered.read_datetime(text, reading.zone),
        N_("Enter a date and time with its time zone, such as 2026-11-21T10:24:00+08:00"),
    ),
    time: (lambda text, _: entered.read_time(text), N_("Enter a time such as 10:24")),
    UUID: (_read_id, N_("This is not a valid identifier")),
}


@dataclass(slots=True, kw_only=True)
class Leaf(Node):
    """Reads yes/no, days, instants, times and identifiers."""

    type: Any

    def read(self, value: Any, reading: Reading) -> Any:
        """Read a value that JSON writes as a string or a boolean."""
        parse, message = LEAVES[self.type]
        found: Any = None
        if reading.text and isinstance(value, str):
            found = parse(value, reading)
        elif value.__class__ is self.type:
            found = value
        elif not (self.type is date and isinstance(value, datetime)):
            try:
                found = msgspec.convert(value, self.type)
            except msgspec.ValidationError:
                found = None
        if self.type is datetime:
            found = _aware(found, reading)
        elif self.type is date and found is not None and not 2 <= found.year <= 9998:
            # The day's ends must stay within the calendar in every zone.
            found = None
        if found is None:
            raise Refused.because("type", message)
        return found


def _aware(found: datetime | None, reading: Reading) -> datetime | None:
    """Accept an instant with a zone; its UTC form must stay within the calendar."""
    if found is None or not 2 <= found.year <= 9998:
        return None
    if found.tzinfo is not None:
        return found
    return found.replace(tzinfo=reading.zone) if reading.text and reading.zone else None


@dataclass(slots=True, kw_only=True)
class Choice(Node):
    """Reads one of a fixed set: a Literal or an Enum."""

    values: Mapping[Any, Any]
    by_text: Mapping[str, Any]

    def read(self, value: Any, reading: Reading) -> Any:
        """Find the chosen value."""
        found: Any = _ABSENT
        if isinstance(value, enum.Enum):
            value = value.value
        if reading.text and isinstance(value, str):
            found = self.by_text.get(value.strip(), _ABSENT)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            found = self.values.get(value, _ABSENT)
        if found is _ABSENT:
            shown = ", ".join(list(self.by_text)[:_CHOICES_SHOWN])
            more = "…" if len(self.by_text) > _CHOICES_SHOWN else ""
            raise Refused.because("choice", N_("Choose one of: {choices}"), choices=shown + more)
        return found
