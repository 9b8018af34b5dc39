"""Reads the values of filters as people and programs write them in addresses. Pure.

Every reader takes the text and a `Reading` and raises ValueError with an English message id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, SmallInteger

from core.ext.specs import Column, ColumnKind
from core.kernel.i18n import N_

TEXTUAL: Final[frozenset[ColumnKind]] = frozenset({"text", "longtext", "phone", "email", "url", "country"})
NUMERIC: Final[frozenset[ColumnKind]] = frozenset({"number", "percent", "money"})
MAX_TEXT: Final = 200
MAX_NUMBER: Final = 40
"""As many characters has a number that anybody asks for; PostgreSQL refuses some of those that are longer."""
_SPACES: Final = str.maketrans("\u3000\xa0", "  ")
MAX_DAYS: Final = 36_500
YEARS: Final = range(1800, 2301)


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads, where and when: resolves 'me', 'today', and the minor units of sums."""

    today: date
    zone: ZoneInfo
    member_id: UUID | None
    money_digits: int = 2
    foreign: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
    """Conditions that other modules lend, by record type and name."""


def text(raw: str, _: Reading) -> str:
    """Read a text without control characters, of at most 200 characters."""
    if len(raw) > MAX_TEXT or not raw.translate(_SPACES).isprintable():
        raise ValueError(N_("This text cannot be searched for."))
    return raw


def number(raw: str, _: Reading) -> Decimal:
    """Read a finite decimal number."""
    try:
        value = Decimal(raw[: MAX_NUMBER + 1])
    except InvalidOperation:
        raise ValueError(N_("This is not a number.")) from None
    if (
        len(raw) > MAX_NUMBER
        or not value.is_finite()
        or abs(value) > 10**15
        or value.adjusted() < -MAX_NUMBER
    ):
        raise ValueError(N_("This is not a number."))
    return value


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum in major units, to be compared with sums of any currency."""

    major: Decimal

    def minor(self, digits: int) -> Decimal:
        """The same in minor units of a currency with so many decimals, a part of one included."""
        return self.major.scaleb(digits)


def money(raw: str, reading: Reading) -> Sum:
    """Read a sum in major units."""
    return Sum(number(raw, reading))


def flag(raw: str, _: Reading) -> bool:
    """Read yes or no."""
    if raw.lower() in {"true", "1", "yes"}:
        return True
    if raw.lower() in {"false", "0", "no"}:
        return False
    raise ValueError(N_("This must be yes or no."))


def day(raw: str, reading: Reading) -> date:
    """Read an ISO date or 'today'."""
    if raw == "today":
        return reading.today
    try:
        value = date.fromisoformat(raw)
    except ValueError:
        raise ValueError(N_("This is not a date.")) from None
    if value.year not in YEARS:
        raise ValueError(N_("This is not a date."))
    return value


def instant(raw: str, reading: Reading) -> datetime:
    """Read an ISO instant; a bare date is the start of that day where the reader is."""
    if len(raw) <= 10:
        return start_of(day(raw, reading), reading)
    try:
        value = datetime.fromisoformat(raw)
    except ValueError:
        raise ValueError(N_("This is not a date.")) from None
    if value.year not in YEARS:
        raise ValueError(N_("This is not a date."))
    return (value if value.tzinfo else value.replace(tzinfo=reading.zone)).astimezone(UTC)


def start_of(value: date, reading: Reading) -> datetime:
    """Return the instant at which a day begins where the reader is."""
    return datetime.combine(value, time(), tzinfo=reading.zone).astimezone(UTC)


def identity(raw: str, _: Reading) -> UUID:
    """Read a record's id."""
    try:
        return UUID(raw)
    except ValueError:
        raise ValueError(N_("This is not an id.")) from None


def member(raw: str, reading: Reading) -> UUID:
    """Read a member's id, or 'me'."""
    if raw == "me":
        if reading.member_id is None:
            raise ValueError(N_("Only a member can ask for 'me'."))
        return reading.member_id
    return identity(raw, reading)


def days(raw: str, _: Reading) -> timedelta:
    """Read a number of days from 1 to 36,500."""
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9 or not 1 <= int(raw) <= MAX_DAYS:
        raise ValueError(N_("This must be a number of days."))
    return timedelta(days=int(raw))


Reader = Callable[[str, Reading], object]

READERS: Final[Mapping[ColumnKind, Reader]] = {
    **dict.fromkeys(TEXTUAL, text),
    "number": number,
    "percent": number,
    "money": money,
    "date": day,
    "datetime": instant,
    "bool": flag,
    "choice": text,
    "member": member,
    "ref": identity,
    "tags": text,
}


def read(column: Column, raw: str, reading: Reading) -> object:
    """Read one value of `column`; a choice must be one of the declared, a count must be whole."""
    value = READERS[column.kind](raw, reading)
    if column.choices and value not in {choice.value for choice in column.choices}:
        raise ValueError(N_("This is not one of the choices."))
    if column.attribute is None:
        return int(value.minor(reading.money_digits)) if isinstance(value, Sum) else value
    if isinstance(value, Decimal) and isinstance(column.attribute.type, Integer):
        if value != value.to_integral_value():
            raise ValueError(N_("This must be a whole number."))
        if isinstance(column.attribute.type, SmallInteger) and abs(value) >= 2**15:
            raise ValueError(N_("This is not a number."))
        return int(value)
    return value
