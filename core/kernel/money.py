"""Money: integer minor units and an ISO 4217 code. Never a float, never a rate without its rounding.

The number of decimals is ISO 4217's (CLDR's differ, for display, in about twenty currencies).
"""

import decimal
import re
from decimal import Decimal
from functools import cache
from typing import Final, Literal, NamedTuple

from babel import Locale

from core.kernel.entered import read_decimal
from core.kernel.errors import Invalid
from core.kernel.i18n import N_, babel_locale, format_number
from core.kernel.types import AMOUNT_MINOR_MAX
from core.kernel.words import read_words

__all__ = [
    "CURRENCIES",
    "Money",
    "Rounding",
    "compact",
    "convert",
    "digits",
    "format",
    "parse",
    "symbol",
    "unusual",
]

CURRENCIES: Final = read_words("currencies")
"""ISO 4217, the currencies in use."""
USUAL: Final = 2
"""The number of decimals of nearly all of them."""
_WHOLE: Final = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
_THOUSANDTHS: Final = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))

Rounding = Literal["half_up", "half_even", "down", "up"]
"""half_up: 0.5 away from zero (invoices) · half_even: banker's · down: towards zero · up: away from zero."""

_ROUNDINGS: Final[dict[str, str]] = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "down": decimal.ROUND_DOWN,
    "up": decimal.ROUND_UP,
}
# Amounts have at most 16 digits and rates at most 12: nothing is rounded before the named rounding.
_EXACT: Final = decimal.Context(prec=60, Emin=-200, Emax=200)
_STEPS: Final = {
    "zh": ((10**12, "万亿"), (10**8, "亿"), (10**4, "万")),
    "en": ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")),
}


class Money(NamedTuple):
    """An amount in minor units (cents, fen, yen) and its currency."""

    amount_minor: int
    currency: str


@cache
def unusual() -> dict[int, tuple[str, ...]]:
    """The currencies that have another number of decimals than two, by that number."""
    found: dict[int, tuple[str, ...]] = {}
    for currency in CURRENCIES:
        if digits(currency) != USUAL:
            found[digits(currency)] = (*found.get(digits(currency), ()), currency)
    return found


def digits(currency: str) -> int:
    """Tell how many decimals a currency has: CNY 2, JPY 0, KWD 3."""
    if currency in _WHOLE:
        return 0
    return 3 if currency in _THOUSANDTHS else USUAL


def _minor(value: Decimal, currency: str, rounding: str) -> int:
    scaled = value.scaleb(digits(currency), _EXACT)
    return int(scaled.quantize(Decimal(1), rounding=rounding, context=_EXACT))


_MARKS: Final = re.compile(r"US\$|HK\$|NT\$|CN¥|JP¥|RMB|人民币|[¥￥$€£元圆]")


def parse(text: str, currency: str) -> int:
    """Read what a person typed (`¥1,234.5`, `1 234,50`, `12万`) as minor units.

    More decimals than the currency has are refused, not rounded: the writer must decide.
    """
    bare = _MARKS.sub("", text.replace(currency, ""))
    value = read_decimal(bare)
    if value is None or abs(value) > AMOUNT_MINOR_MAX:
        raise Invalid.field("", "type", N_("Enter an amount such as {example}"), example=_example(currency))
    if value != value.quantize(Decimal(1).scaleb(-digits(currency)), context=_EXACT):
        raise Invalid.field(
            "", "pattern", N_("{currency} has {digits} decimals"), currency=currency, digits=digits(currency)
        )
    amount = _minor(value, currency, decimal.ROUND_HALF_EVEN)
    if abs(amount) > AMOUNT_MINOR_MAX:
        raise Invalid.field("", "max", N_("This amount is too large"))
    return amount


def _example(currency: str) -> str:
    return f"{1234:,}" + (f".{'5'.ljust(digits(currency), '0')}" if digits(currency) else "")


@cache
def symbol(currency: str, locale: Locale | str) -> str:
    """Give a currency's sign as the reader writes it: ¥, US$; codes of letters keep a space after them."""
    locale = babel_locale(locale) if isinstance(locale, str) else locale
    sign = locale.currency_symbols.get(currency, currency)
    return f"{sign}\u00a0" if sign[-1].isalpha() else sign


def format(amount_minor: int, currency: str, locale: Locale | str) -> str:
    """Write an amount in full: ¥1,345,000.00."""
    places = digits(currency)
    number = format_number(Decimal(abs(amount_minor)).scaleb(-places, _EXACT), locale, places)
    return f"{'-' if amount_minor < 0 else ''}{symbol(currency, locale)}{number}"


def compact(amount_minor: int, currency: str, locale: Locale | str) -> str:
    """Write an amount briefly: ¥134.5万, $1.3M; the last digit is rounded half up.

    Chinese counts in 万 and 亿 and keeps one decimal to four figures; small amounts are written without decimals.
    """
    locale = babel_locale(locale) if isinstance(locale, str) else locale
    steps = _STEPS.get(locale.language, _STEPS["en"])
    whole = Decimal(abs(amount_minor)).scaleb(-digits(currency), _EXACT)
    number, unit = _round(whole, Decimal(1)), ""
    for position, (size, name) in enumerate(steps):
        if number >= size:
            number, unit = _round(whole / size, Decimal("0.1")), name
            if position and number * size >= steps[position - 1][0]:  # 999.95K is 1M
                number, unit = Decimal(1), steps[position - 1][1]
            break
    plain = number.normalize(_EXACT)
    places = max(0, -int(plain.as_tuple().exponent))
    sign = "-" if amount_minor < 0 and number else ""
    return f"{sign}{symbol(currency, locale)}{format_number(number, locale, places)}{unit}"


def _round(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, rounding=decimal.ROUND_HALF_UP, context=_EXACT)


def convert(money: Money, currency: str, rate: Decimal, *, rounding: Rounding) -> Money:
    """Convert into another currency; `rate` is units of the target for one unit of the source."""
    if not rate.is_finite() or rate <= 0:
        raise ValueError("a rate is a positive number")
    units = Decimal(money.amount_minor).scaleb(-digits(money.currency), _EXACT)
    return Money(_minor(_EXACT.multiply(units, rate), currency, _ROUNDINGS[rounding]), currency)
