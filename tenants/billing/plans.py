"""The plans on sale: what they cost and how much of everything they include. Data, and nothing else.

No security feature is ever a matter of the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

import msgspec

from core.ext.specs import Price
from core.kernel.i18n import N_

Interval = Literal["month", "year"]
Sold = Literal["USD", "CNY"]
CURRENCIES: Final[tuple[Sold, ...]] = ("USD", "CNY")
GRACE_DAYS: Final = 14
"""From the first failed payment to being read-only."""
CNY_PER_USD: Final = Decimal("7.2")
"""The list's own rate, for modules whose author names one currency."""
TRIAL_DAYS: Final = 14
"""Of the first subscription of a workspace."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan: per seat and month, or a flat sum a year for up to ``seats_yearly`` members; sums in minor units.

    ``limits`` by name; what is not named is not limited.
    """

    key: str
    title: str
    summary: str
    limits: Mapping[str, int]
    seat_monthly: Mapping[Sold, int] = {}
    flat_yearly: Mapping[Sold, int] = {}
    seats_yearly: int = 0

    def price(self, interval: Interval, currency: Sold) -> int:
        """What one seat costs a month, or the whole workspace a year."""
        return (self.seat_monthly if interval == "month" else self.flat_yearly)[currency]

    def limits_of(self, interval: Interval) -> dict[str, int]:
        """The limits, which for a flat year include the number of members."""
        return {**self.limits, **({"members": self.seats_yearly} if interval == "year" else {})}


FREE: Final = Plan(
    key="free",
    title=N_("Free plan"),
    summary=N_("For trying it out, and for the very small."),
    limits={"members": 3, "customers": 1_000, "api_keys": 2, "storage_mb": 500},
)
TEAM: Final = Plan(
    key="team",
    title=N_("Team plan"),
    summary=N_("For sales teams that work together every day."),
    limits={"customers": 50_000, "api_keys": 20, "storage_mb": 20_000},
    seat_monthly={"USD": 1_200, "CNY": 6_800},
    flat_yearly={"USD": 199_000, "CNY": 990_000},
    seats_yearly=20,
)
BUSINESS: Final = Plan(
    key="business",
    title=N_("Business plan"),
    summary=N_("For companies with many departments and much data."),
    limits={"api_keys": 200, "storage_mb": 200_000},
    seat_monthly={"USD": 2_500, "CNY": 14_800},
    flat_yearly={"USD": 790_000, "CNY": 3_980_000},
    seats_yearly=100,
)
PLANS: Final = {plan.key: plan for plan in (FREE, TEAM, BUSINESS)}
PAID: Final = tuple(plan for plan in PLANS.values() if plan.seat_monthly)
INTERVALS: Final[tuple[Interval, ...]] = ("month", "year")


def lookup_key(plan: str, interval: str, currency: str, amount_minor: int) -> str:
    """The name of a plan's price at the payment service; a changed sum is another price."""
    return f"guanxi_{plan}_{interval}_{currency.lower()}_{amount_minor}"


def plugin_lookup_key(plugin: str, interval: str, currency: str, amount_minor: int) -> str:
    """The name of a module's price there, likewise."""
    return f"guanxi_plugin_{plugin}_{interval}_{currency.lower()}_{amount_minor}"


def module_minor(price: Price, interval: Interval, currency: Sold) -> int:
    """What a module costs a month, or twelve times that a year; in another currency than its own, whole units."""
    amount = price.amount_minor
    if price.currency != currency:
        rate = CNY_PER_USD if currency == "CNY" else 1 / CNY_PER_USD
        amount = 100 * int((Decimal(amount) / 100 * rate).quantize(Decimal(1), ROUND_HALF_UP)) or 100
    return amount * (12 if interval == "year" else 1)


def currency_for(currency: str) -> Sold:
    """The currency that a workspace pays in: its own where it is on sale, else dollars."""
    return "CNY" if currency == "CNY" else "USD"
