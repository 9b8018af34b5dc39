"""Numbers, days and times as people type them and files hold them. None means: cannot be read.

What could be two things (03/04/2026) is not read at all: a wrong day is worse than an error.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

__all__ = ["read_bool", "read_date", "read_datetime", "read_decimal", "read_time"]

_SPACES: Final = dict.fromkeys(map(ord, "  '’_\u00a0\u202f\u2009"))
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?", re.IGNORECASE)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:([,.])\d{3})(?:\1\d{3})*")
_MULTIPLES: Final = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_DIGITS_MAX: Final = 40

_TRUE: Final = frozenset(("true", "yes", "y", "on", "1", "t", "是", "对", "真", "有", "√", "✓"))
_FALSE: Final = frozenset(("false", "no", "n", "off", "0", "f", "否", "不", "假", "无", "×", "✗"))

_YEAR_FIRST: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_PACKED: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_MONTH_FIRST: Final = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", re.IGNORECASE)
_DAY_FIRST: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3,9})\.?,?[\s-]+(\d{4})", re.IGNORECASE
)
_WEEKDAY: Final = re.compile(r"\s*[(（]?(?:星期|周|週)[一二三四五六日天][)）]?")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_TIME: Final = re.compile(
    r"(?P<early>上午|凌晨|早上)?(?P<late>下午|晚上|中午)?\s*(?P<h>\d{1,2})[:时点](?P<m>\d{1,2})?分?"
    r"(?:[:]?(?P<s>\d{1,2})(?:\.(?P<f>\d{1,6})\d*)?秒?)?\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def read_decimal(text: str) -> Decimal | None:
    """Read a number with any usual separators, 万 and 亿 included; finite, at most 40 digits.

    A lone separator before exactly three digits groups when it is a comma and is decimal when it is a point.
    """
    bare = _fold(text).replace("−", "-").translate(_SPACES)
    if len(bare) > _DIGITS_MAX:
        return None
    times = _MULTIPLES.get(bare[-1:], 1)
    bare = _point(bare[:-1] if times > 1 else bare)
    if not _NUMBER.fullmatch(bare):
        return None
    try:
        return Decimal(bare) * times
    except InvalidOperation:
        return None


def _point(bare: str) -> str:
    """Write a number with a point for its decimals and nothing between its groups."""
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:
        group, mark = (",", ".") if point > comma else (".", ",")
        whole, _, rest = bare.rpartition(mark)
        is_good = mark not in whole and _GROUPED.fullmatch(whole)
        return f"{whole.replace(group, '')}.{rest}" if is_good else "?"
    if bare.count(",") > 1 or bare.count(".") > 1 or (comma >= 0 and _GROUPED.fullmatch(bare)):
        return re.sub("[,.]", "", bare) if _GROUPED.fullmatch(bare) else "?"
    return bare.replace(",", ".")


def read_bool(text: str) -> bool | None:
    """Read yes or no in English or Chinese."""
    word = _fold(text).lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else None


def _day(year: str, month: str | int, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _named_month(name: str) -> int:
    short = name.lower()
    hits = [number for number, full in enumerate(_MONTHS, 1) if full.startswith(short)]
    return hits[0] if len(hits) == 1 else 9 if short == "sept" else 0


def read_date(text: str) -> date | None:
    """Read a day: 2026-11-21, 2026/11/21, 2026年11月21日, 20261121, Nov 21, 2026, 21 November 2026.

    21/11/2026 is read because only one order gives a day.
    """
    bare = _WEEKDAY.sub("", _fold(text))
    if found := (_YEAR_FIRST.fullmatch(bare) or _PACKED.fullmatch(bare)):
        return _day(*found.groups())
    if found := _MONTH_FIRST.fullmatch(bare):
        return _day(found[3], _named_month(found[1]), found[2])
    if found := _DAY_FIRST.fullmatch(bare):
        return _day(found[3], _named_month(found[2]), found[1])
    if found := _YEAR_LAST.fullmatch(bare):
        readings = {_day(found[3], found[2], found[1]), _day(found[3], found[1], found[2])} - {None}
        return readings.pop() if len(readings) == 1 else None
    return None


def _clock(found: re.Match[str]) -> time | None:
    hour, late = int(found["h"]), found["late"] or (found["half"] or "").lower().startswith("p")
    early = found["early"] or (found["half"] or "").lower().startswith("a")
    if late and hour < 12:
        hour += 12
    elif early and hour == 12:
        hour = 0
    micro = int((found["f"] or "0").ljust(6, "0"))
    try:
        return time(hour, int(found["m"] or 0), int(found["s"] or 0), micro)
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """Read a time of day: 10:24, 下午3点, 3:05 pm."""
    found = _TIME.fullmatch(_fold(text))
    return _clock(found) if found and not found["zone"] else None


def _offset(text: str) -> tzinfo | None:
    if text.lower() == "z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(sign * timedelta(minutes=minutes)) if minutes < 24 * 60 else None


def read_datetime(text: str, zone: tzinfo | None) -> datetime | None:
    """Read an instant; one without an offset is local to `zone`, and unreadable without a zone."""
    bare = _WEEKDAY.sub("", _fold(text))
    day_text, clock = bare, time(0)
    own: tzinfo | None = None
    for at in re.finditer(r"T|\s+|(?<=日)|(?<=号)", bare, re.IGNORECASE):
        if found := _TIME.fullmatch(bare[at.end() :]):
            read = _clock(found)
            own = _offset(found["zone"]) if found["zone"] else None
            if read is None or (found["zone"] and own is None):
                return None
            day_text, clock = bare[: at.start()], read
            break
    day = read_date(day_text)
    where = own or zone
    return datetime.combine(day, clock, where) if day and where else None
