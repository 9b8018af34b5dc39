"""Annotated types of values that people enter; `kernel.validate` checks and normalises them by their kind.

A struct may refine one: `company: Annotated[Name, msgspec.Meta(title=N_("Company"))]`. Owns the names
of the kinds; never parses a value.
"""

from typing import Annotated, Final

from msgspec import Meta

__all__ = [
    "AmountMinor",
    "Color",
    "Country",
    "Currency",
    "Email",
    "Locale",
    "LongText",
    "Name",
    "Phone",
    "PriceMinor",
    "Secret",
    "ShortText",
    "Tag",
    "TimeZone",
    "Url",
]

AMOUNT_MINOR_MAX: Final = 10**15

Name = Annotated[str, Meta(min_length=1, max_length=200, extra={"kind": "name"})]
"""One line, 1 to 200 characters."""

ShortText = Annotated[str, Meta(max_length=200, extra={"kind": "text"})]
"""One line, at most 200 characters."""

LongText = Annotated[str, Meta(max_length=20_000, extra={"kind": "longtext"})]
"""Several lines, at most 20,000 characters."""

Email = Annotated[str, Meta(max_length=254, extra={"kind": "email"})]
"""Lower case, the domain in its ASCII form."""

Phone = Annotated[str, Meta(max_length=40, extra={"kind": "phone"})]
"""E.164 (`+8613800138000`); an extension follows as in RFC 3966 (`+862161234567;ext=801`)."""

Url = Annotated[str, Meta(max_length=2000, extra={"kind": "url"})]
"""http or https; https is added where no scheme is given."""

Currency = Annotated[str, Meta(max_length=3, extra={"kind": "currency"})]
"""ISO 4217, upper case."""

Country = Annotated[str, Meta(max_length=2, extra={"kind": "country"})]
"""ISO 3166-1 alpha-2, upper case."""

AmountMinor = Annotated[int, Meta(ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX, extra={"kind": "money"})]
"""Money in minor units of a currency that stands beside it."""

PriceMinor = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR_MAX, extra={"kind": "money"})]
"""Money that is never owed, in minor units of a currency that stands beside it."""

Tag = Annotated[str, Meta(min_length=1, max_length=50, extra={"kind": "tag"})]
"""One label, one line."""

Color = Annotated[str, Meta(max_length=7, extra={"kind": "color"})]
"""`#rrggbb`, lower case."""

Locale = Annotated[str, Meta(max_length=16, extra={"kind": "locale"})]
"""One of the product's languages (`en`, `zh_CN`)."""

TimeZone = Annotated[str, Meta(max_length=64, extra={"kind": "timezone"})]
"""An IANA zone name (`Asia/Shanghai`)."""

Secret = Annotated[str, Meta(max_length=4096, extra={"kind": "secret"})]
"""Kept character for character: never trimmed, never shown again."""
