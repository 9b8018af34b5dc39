"""Where a new workspace most likely is: its country and currency follow from the time zone of the browser."""

from __future__ import annotations

from typing import NamedTuple

from babel.core import get_global
from babel.numbers import get_territory_currencies

from core.kernel.kinds import time_zones


class Place(NamedTuple):
    """What a workspace begins with."""

    timezone: str
    country: str
    currency: str


USUAL = {"zh_CN": Place("Asia/Shanghai", "CN", "CNY")}
ELSEWHERE = Place("UTC", "US", "USD")


def place_of(timezone: str, locale: str) -> Place:
    """The place of a time zone, or else the usual one of a language."""
    country = get_global("zone_territories").get(timezone, "")
    if timezone not in time_zones() or len(country) != 2:
        return USUAL.get(locale, ELSEWHERE)
    currencies = get_territory_currencies(country)
    return Place(timezone, country, currencies[0] if currencies else "USD")
