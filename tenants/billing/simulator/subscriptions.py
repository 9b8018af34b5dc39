"""Subscriptions: begun, changed with proration, renewed, failed, cancelled, as time goes by."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any

from tenants.billing.simulator import invoices
from tenants.billing.simulator.params import Problem
from tenants.billing.simulator.world import Object, World

LIVE = ("trialing", "active", "past_due", "incomplete")


def period_end(start: int, interval: str) -> int:
    """The same day of the next month or year, or its last day where that has none."""
    begins = datetime.fromtimestamp(start, UTC)
    months = begins.year * 12 + begins.month - 1 + (12 if interval == "year" else 1)
    year, month = divmod(months, 12)
    day = min(begins.day, calendar.monthrange(year, month + 1)[1])
    return int(begins.replace(year=year, month=month + 1, day=day).timestamp())


def begin(
    world: World,
    customer: str,
    wanted: list[Object],
    *,
    trial_days: int = 0,
    metadata: dict[str, str] | None = None,
    discounts: list[Object] | None = None,
) -> Object:
    """Make a subscription and its first invoice."""
    prices = [world.get("price", each["price"], param="line_items[price]") for each in wanted]
    if len({(price["currency"], price["recurring"]["interval"]) for price in prices}) != 1:
        raise Problem("All prices on a subscription must have the same currency and interval.")
    now = world.now()
    trial_end = now + trial_days * invoices.DAY if trial_days else None
    end = trial_end or period_end(now, prices[0]["recurring"]["interval"])
    subscription = world.new(
        "subscription",
        customer=customer,
        status="trialing" if trial_end else "active",
        currency=prices[0]["currency"],
        items={"object": "list", "data": [], "has_more": False, "url": ""},
        cancel_at_period_end=False,
        cancel_at=None,
        canceled_at=None,
        ended_at=None,
        cancellation_details={"reason": None, "comment": None, "feedback": None},
        discounts=[],
        latest_invoice=None,
        start_date=now,
        billing_cycle_anchor=end if trial_end else now,
        trial_start=now if trial_end else None,
        trial_end=trial_end,
        collection_method="charge_automatically",
        metadata=dict(metadata or {}),
    )
    for each, price in zip(wanted, prices, strict=True):
        _add_item(world, subscription, price, each.get("quantity", 1), (now, end))
    give_discounts(world, subscription, discounts or [])
    world.emit("customer.subscription.created", subscription)
    due = [] if trial_end else lines(world, subscription)
    invoices.issue(world, subscription, due, "subscription_create")
    _follow_payment(world, subscription)
    return subscription


def _add_item(
    world: World, subscription: Object, price: Object, quantity: int, period: tuple[int, int]
) -> Object:
    item = {
        "id": world.id("subscription_item"),
        "object": "subscription_item",
        "created": world.now(),
        "price": dict(price),
        "quantity": quantity,
        "subscription": subscription["id"],
        "current_period_start": period[0],
        "current_period_end": period[1],
        "discounts": [],
        "metadata": {},
    }
    subscription["items"]["data"].append(item)
    return item


def give_discounts(world: World, subscription: Object, wanted: list[Object]) -> None:
    """Replace the discounts by those of coupons or promotion codes."""
    kept = []
    for each in wanted:
        code = each.get("promotion_code")
        if code is not None:
            promotion = world.get("promotion_code", code, param="discounts[promotion_code]")
            promotion["times_redeemed"] += 1
            each = {"coupon": promotion["promotion"]["coupon"]}
        coupon = world.get("coupon", each.get("coupon"), param="discounts[coupon]")
        discount = world.new(
            "discount",
            source={"type": "coupon", "coupon": coupon["id"]},
            promotion_code=code,
            subscription=subscription["id"],
            customer=subscription["customer"],
            start=world.now(),
            end=None,
        )
        kept.append(discount["id"])
    subscription["discounts"] = kept


def lines(world: World, subscription: Object) -> list[Object]:
    """The lines of a whole period, and what was pending from the one before."""
    due = [
        invoices.line(
            world, item, item["price"]["unit_amount"] * item["quantity"], invoices.described(world, item)
        )
        for item in subscription["items"]["data"]
    ]
    return [*world.pending.pop(subscription["id"], []), *due]


def change(world: World, subscription_id: str, params: Object) -> Object:
    """Change a subscription; where the card must pay at once and does not, nothing changes."""
    subscription = world.get("subscription", subscription_id)
    if subscription["status"] not in LIVE:
        raise Problem("A canceled subscription can only update its cancellation_details and metadata.")
    with world.attempt():
        subscription = world.get("subscription", subscription_id)
        if "items" in params:
            _change_items(world, subscription, params)
        if "discounts" in params:
            give_discounts(world, subscription, params["discounts"])
        subscription["metadata"] |= params.get("metadata") or {}
        if "cancel_at_period_end" in params:
            _cancel_later(world, subscription, params["cancel_at_period_end"])
        if params.get("trial_end") == "now" and subscription["status"] == "trialing":
            _end_trial(world, subscription)
        world.emit("customer.subscription.updated", subscription)
    return subscription


def _cancel_later(world: World, subscription: Object, is_wanted: bool) -> None:
    end = subscription["items"]["data"][0]["current_period_end"]
    subscription |= {
        "cancel_at_period_end": is_wanted,
        "cancel_at": end if is_wanted else None,
        "canceled_at": world.now() if is_wanted else None,
    }
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if is_wanted else None


def _change_items(world: World, subscription: Object, params: Object) -> None:
    data = subscription["items"]["data"]
    interval = data[0]["price"]["recurring"]["interval"]
    period = (data[0]["current_period_start"], data[0]["current_period_end"])
    behaviour = params.get("proration_behavior", "create_prorations")
    charged = subscription["status"] != "trialing" and behaviour != "none"
    credits = [_unused(world, item) for item in data if _is_touched(item, params["items"])] if charged else []
    touched = [item for each in params["items"] if (item := _change_item(world, subscription, each, period))]
    if not subscription["items"]["data"]:
        raise Problem("A subscription must have at least one active plan.")
    if len({item["price"]["recurring"]["interval"] for item in subscription["items"]["data"]}) != 1:
        raise Problem("All prices on a subscription must have the same interval.")
    if subscription["items"]["data"][0]["price"]["recurring"]["interval"] != interval:
        _restart(world, subscription, credits, params)
        return
    debits = [_rest(world, item) for item in touched] if charged else []
    pending = world.pending.setdefault(subscription["id"], [])
    pending += [each for each in (*credits, *debits) if each["amount"]]
    if behaviour == "always_invoice" and pending:
        _invoice_now(world, subscription, world.pending.pop(subscription["id"]), params)


def _is_touched(item: Object, changes: list[Object]) -> bool:
    return any(each.get("id") == item["id"] for each in changes)


def _change_item(world: World, subscription: Object, each: Object, period: tuple[int, int]) -> Object | None:
    data = subscription["items"]["data"]
    if "id" not in each:
        price = world.get("price", each.get("price"), param="items[price]")
        if price["currency"] != subscription["currency"]:
            raise Problem("The price has another currency than the subscription.", param="items[price]")
        return _add_item(world, subscription, price, each.get("quantity", 1), period)
    item: Object | None = next((item for item in data if item["id"] == each["id"]), None)
    if item is None:
        raise Problem(
            f"No such subscription_item: '{each['id']}'", code="resource_missing", param="items[id]"
        )
    if each.get("deleted"):
        data.remove(item)
        return None
    if "price" in each:
        item["price"] = dict(world.get("price", each["price"], param="items[price]"))
    item["quantity"] = each.get("quantity", item["quantity"])
    return item


def _share(world: World, item: Object) -> int:
    """What the rest of the period costs, in minor units, halves rounded up."""
    total = item["current_period_end"] - item["current_period_start"]
    left = max(0, item["current_period_end"] - world.now())
    full = int(item["price"]["unit_amount"]) * int(item["quantity"])
    return (full * int(left) * 2 + int(total)) // (2 * int(total))


def _unused(world: World, item: Object) -> Object:
    text = f"Unused time on {invoices.described(world, item)}"
    return invoices.line(world, item, -_share(world, item), text, proration=True)


def _rest(world: World, item: Object) -> Object:
    text = f"Remaining time on {invoices.described(world, item)}"
    return invoices.line(world, item, _share(world, item), text, proration=True)


def _restart(world: World, subscription: Object, credits: list[Object], params: Object) -> None:
    """Begin a new period at once, as another interval does; a trial goes on to its end."""
    if subscription["status"] == "trialing":
        return
    next_period(subscription, world.now())
    _invoice_now(world, subscription, [*credits, *lines(world, subscription)], params)


def _invoice_now(world: World, subscription: Object, some: list[Object], params: Object) -> None:
    due = invoices.build(world, subscription, some, "subscription_update")["amount_due"]
    if due and params.get("payment_behavior") == "error_if_incomplete":
        invoices.refuse_bad_card(world, subscription["customer"])
    invoices.issue(world, subscription, some, "subscription_update")
    _follow_payment(world, subscription)


def next_period(subscription: Object, start: int) -> None:
    """Have the next period begin at an instant."""
    for item in subscription["items"]["data"]:
        item["current_period_start"] = start
        item["current_period_end"] = period_end(start, item["price"]["recurring"]["interval"])


def _follow_payment(world: World, subscription: Object) -> None:
    """Let the state follow the newest invoice."""
    invoice = world.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        subscription["status"] = "past_due"
    elif subscription["status"] in ("past_due", "incomplete"):
        subscription["status"] = "active"


def _end_trial(world: World, subscription: Object) -> None:
    subscription["status"] = "active"
    subscription["trial_end"] = world.now()
    renew(world, subscription)


def renew(world: World, subscription: Object) -> None:
    """Begin the next period, with its invoice."""
    next_period(subscription, world.now())
    invoices.issue(world, subscription, lines(world, subscription), "subscription_cycle")
    _follow_payment(world, subscription)


def end(world: World, subscription: Object, reason: str) -> None:
    """End a subscription now."""
    subscription |= {"status": "canceled", "ended_at": world.now()}
    world.pending.pop(subscription["id"], None)
    subscription["canceled_at"] = subscription["canceled_at"] or world.now()
    subscription["cancellation_details"]["reason"] = reason
    world.emit("customer.subscription.deleted", subscription)


def cancel(world: World, subscription_id: str, params: dict[str, Any]) -> Object:
    """End a subscription now; ``prorate`` gives the unused time back as credit."""
    subscription = world.get("subscription", subscription_id)
    if subscription["status"] not in LIVE:
        raise Problem(f"No such subscription: '{subscription_id}'", status=404, code="resource_missing")
    if params.get("prorate") and subscription["status"] != "trialing":
        credits = [_unused(world, item) for item in subscription["items"]["data"]]
        world.pending.setdefault(subscription_id, []).extend(each for each in credits if each["amount"])
    if params.get("invoice_now") and world.pending.get(subscription_id):
        invoices.issue(world, subscription, world.pending.pop(subscription_id), "manual")
    for invoice in world.all("invoice", customer=subscription["customer"], status="open"):
        if invoice["parent"]["subscription_details"]["subscription"] == subscription_id:
            invoice["next_payment_attempt"] = None
    end(world, subscription, "cancellation_requested")
    return subscription


def paid(world: World, invoice: Object) -> None:
    """Let a subscription live again once its newest invoice is paid."""
    subscription_id = invoice["parent"]["subscription_details"]["subscription"]
    subscription = world.objects["subscription"].get(subscription_id)
    if subscription and subscription["status"] in LIVE and subscription["latest_invoice"] == invoice["id"]:
        _follow_payment(world, subscription)
        world.emit("customer.subscription.updated", subscription)
