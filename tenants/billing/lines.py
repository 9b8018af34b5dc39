"""What a subscription should consist of, and the fewest changes that make it so; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.ext.specs import Manifest
from tenants.billing.plans import (
    PLANS,
    Interval,
    Sold,
    lookup_key,
    module_minor,
    plugin_lookup_key,
)

PREFIX = "guanxi_plugin_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One line: ``kind`` is ``plan`` or a module's key."""

    kind: str
    lookup_key: str
    name: str
    amount_minor: int
    quantity: int


def wanted(
    plan: str, interval: Interval, currency: Sold, *, seats: int, modules: Iterable[Manifest]
) -> list[Wanted]:
    """The lines of a plan with modules, for so many members."""
    lines = []
    if plan in PLANS and PLANS[plan].seat_monthly:
        amount = PLANS[plan].price(interval, currency)
        lines.append(
            Wanted(
                kind="plan",
                lookup_key=lookup_key(plan, interval, currency, amount),
                name=f"Guanxi {PLANS[plan].title}",
                amount_minor=amount,
                quantity=max(1, seats) if interval == "month" else 1,
            )
        )
    for manifest in modules:
        if manifest.price is None:
            continue
        amount = module_minor(manifest.price, interval, currency)
        lines.append(
            Wanted(
                kind=manifest.key,
                lookup_key=plugin_lookup_key(manifest.key, interval, currency, amount),
                name=f"Guanxi: {manifest.title}",
                amount_minor=amount,
                quantity=max(1, seats) if manifest.price.per == "seat" else 1,
            )
        )
    return lines


def kind_of(item: Mapping[str, Any]) -> str:
    """What an item of a subscription is for."""
    key = str(item["price"].get("lookup_key") or "")
    # Four parts follow the prefix from behind: the interval, the currency and the sum; a module's key may hold dots.
    return key.removeprefix(PREFIX).rsplit("_", 3)[0] if key.startswith(PREFIX) else "plan"


def changes(
    items: Sequence[Mapping[str, Any]], lines: Sequence[Wanted], prices: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The changes that turn items into lines; ``prices`` maps names of prices to their ids. None where all fits.

    A plan that stays the same keeps the price that it was bought at, whatever new ones pay.
    """
    found: list[dict[str, Any]] = []
    left = {line.kind: line for line in lines}
    for item in items:
        line = left.pop(kind_of(item), None)
        if line is None:
            found.append({"id": item["id"], "deleted": True})
            continue
        change: dict[str, Any] = {}
        if not _is_priced(item, line):
            change["price"] = prices[line.lookup_key]
        if item["quantity"] != line.quantity:
            change["quantity"] = line.quantity
        if change:
            found.append({"id": item["id"], **change})
    return found + [{"price": prices[line.lookup_key], "quantity": line.quantity} for line in left.values()]


def _is_priced(item: Mapping[str, Any], line: Wanted) -> bool:
    held = str(item["price"].get("lookup_key") or "")
    parts = slice(4 if line.kind == "plan" else None)
    return held.split("_")[parts] == line.lookup_key.split("_")[parts]


def key_of(subscription: str, version: int, change: object) -> str:
    """The idempotency key of a change: the same for a repetition, another once anything was read since."""
    text = json.dumps([subscription, version, change], sort_keys=True)
    return f"sync-{hashlib.sha256(text.encode()).hexdigest()[:40]}"
