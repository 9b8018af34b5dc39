"""What a workspace has, read off what the payment service holds; pure, so that any order of messages ends alike.

Owns the rules: which subscription counts, when grace began, when a workspace is read-only. Emits nothing.
Never asks a clock: the instant is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tenants.billing.gateway import Snapshot
from tenants.billing.plans import FREE, GRACE_DAYS, PLANS, Interval

GRACE = timedelta(days=GRACE_DAYS)
SOON = timedelta(days=30)
"""How long before its end an offline period is warned about."""
LIVE = ("active", "trialing", "past_due", "unpaid", "paused")
STATES = {"active": "active", "trialing": "trialing"}
OWING = frozenset({"past_due", "unpaid"})
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a workspace has and until when."""

    plan: str
    interval: str
    state: str
    source: str
    subscription_id: str | None = None
    seats: int = 0
    price_minor: int | None = None
    period_end: datetime | None = None
    cancel_at: datetime | None = None
    trial_until: datetime | None = None
    grace_until: datetime | None = None
    next_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What follows for everybody who works in the workspace."""

    readonly: bool
    limits: dict[str, int]
    notices: dict[str, str]


def live(snapshot: Snapshot) -> list[Object]:
    """The subscriptions that live, the oldest first: that one counts, the others are doubles."""
    found = [each for each in snapshot.subscriptions if each["status"] in LIVE]
    return sorted(found, key=lambda each: (each["created"], each["id"]))


def of_stripe(snapshot: Snapshot, first_plan: str) -> Standing:
    """Read the standing off a snapshot; without a subscription it is the plan that costs nothing."""
    held = live(snapshot)
    if held:
        return _of_subscription(held[0], snapshot, first_plan)
    ended = sorted(snapshot.subscriptions, key=lambda each: (each["created"], each["id"]))
    if ended and (ended[-1].get("cancellation_details") or {}).get("reason") == "payment_failed":
        owed_since = _owed_since(ended[-1], snapshot.invoices)
        if owed_since is not None:
            plan, interval = plan_of(ended[-1], first_plan)
            grace = at(owed_since) + GRACE
            return Standing(plan=plan, interval=interval, state="unpaid", source="none", grace_until=grace)
    return Standing(plan=first_plan, interval="month", state="free", source="none")


def _of_subscription(held: Object, snapshot: Snapshot, first_plan: str) -> Standing:
    plan, interval = plan_of(held, first_plan)
    items = held["items"]["data"]
    state = STATES.get(held["status"], "past_due")
    owed_since = _owed_since(held, snapshot.invoices) if state == "past_due" else None
    begun = items[0]["current_period_start"]
    item = next((item for item in items if plan_key(item)), None)
    return Standing(
        plan=plan,
        interval=interval,
        state=state,
        source="stripe",
        subscription_id=held["id"],
        seats=item["quantity"] if item else 0,
        price_minor=item["price"].get("unit_amount") if item else None,
        period_end=at(items[0]["current_period_end"]),
        cancel_at=at(held["cancel_at"]) if held.get("cancel_at") else None,
        trial_until=at(held["trial_end"]) if state == "trialing" and held.get("trial_end") else None,
        grace_until=at(owed_since or begun) + GRACE if state == "past_due" else None,
        next_minor=(snapshot.upcoming or {}).get("amount_due"),
    )


def _owed_since(held: Object, invoices: Sequence[Object]) -> int | None:
    """When the oldest invoice that is still open became due: not when anybody heard of it."""
    due = [
        int((each["status_transitions"] or {}).get("finalized_at") or each["created"])
        for each in invoices
        if each["status"] in ("open", "uncollectible") and _subscription_of(each) == held["id"]
    ]
    return min(due, default=None)


def _subscription_of(invoice: Object) -> str | None:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    found: str | None = details.get("subscription")
    return found


def plan_key(item: Object) -> str | None:
    """The plan that an item of a subscription is for; None for a module's."""
    parts = str(item["price"].get("lookup_key") or "").split("_")
    return parts[1] if len(parts) > 3 and parts[0] == "guanxi" and parts[1] in PLANS else None


def plan_of(held: Object, first_plan: str = FREE.key) -> tuple[str, Interval]:
    """The plan and interval of a subscription; with modules alone it is the plan that costs nothing."""
    items = held["items"]["data"]
    interval: Interval = "year" if items and items[0]["price"]["recurring"]["interval"] == "year" else "month"
    plan = next((key for item in items if (key := plan_key(item))), first_plan)
    return plan, interval


def offline(plan: str, paid_until: datetime, now: datetime) -> Standing:
    """The standing of who pays by bank transfer."""
    is_paid = now < paid_until
    return Standing(
        plan=plan,
        interval="year",
        state="active" if is_paid else "past_due",
        source="offline",
        period_end=paid_until,
        grace_until=None if is_paid else paid_until + GRACE,
    )


def entitlement(standing: Standing, now: datetime) -> Entitlement:
    """What the workspace may do now, and what its members are told."""
    is_owing = standing.state in OWING
    readonly = is_owing and standing.grace_until is not None and now >= standing.grace_until
    limits = PLANS[standing.plan].limits_of("year" if standing.interval == "year" else "month")
    return Entitlement(readonly, limits, _notices(standing, now, readonly=readonly))


def _notices(standing: Standing, now: datetime, *, readonly: bool) -> dict[str, str]:
    if readonly:
        return {"billing": "readonly"}
    if standing.state in OWING and standing.grace_until is not None:
        return {"billing": "past_due", "billing_until": standing.grace_until.isoformat()}
    if standing.source == "offline" and standing.period_end and standing.period_end - now < SOON:
        return {"billing": "ending", "billing_until": standing.period_end.isoformat()}
    return {}


def at(seconds: int) -> datetime:
    """An instant of the payment service."""
    return datetime.fromtimestamp(seconds, UTC)
