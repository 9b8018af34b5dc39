"""Invoices: their lines, discounts and credit, and whether the customer's card pays them."""

from __future__ import annotations

from typing import Any

from tenants.billing.simulator.params import Problem
from tenants.billing.simulator.world import Object, World

DAY = 86_400
RETRY_DAYS = (3, 5, 7)
"""How long after a failed payment the next one is tried."""
GOOD, DECLINED, UNPROVEN = "good", "declined", "authentication_failed"
"""How a card behaves; ``authentication_failed`` is a payment that its holder does not confirm."""


def line(world: World, item: Object, amount: int, description: str, *, proration: bool = False) -> Object:
    """A line of an invoice, for the current period of an item."""
    return {
        "id": world.id("line_item"),
        "object": "line_item",
        "amount": amount,
        "currency": item["price"]["currency"],
        "description": description,
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": item["price"]["id"], "product": item["price"]["product"]},
        },
        "quantity": item["quantity"],
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {
                "proration": proration,
                "subscription": item["subscription"],
                "subscription_item": item["id"],
            },
        },
    }


def described(world: World, item: Object) -> str:
    """What a line is for, in words."""
    product = world.objects["product"].get(item["price"]["product"], {})
    return f"{item['quantity']} × {product.get('name', item['price']['id'])}"


def build(world: World, subscription: Object, lines: list[Object], reason: str) -> Object:
    """An invoice over some lines with the subscription's discounts; not kept yet."""
    customer = world.get("customer", subscription["customer"], param="customer")
    subtotal = sum(each["amount"] for each in lines)
    off = _discount(world, subscription, subtotal) if reason != "manual" else 0
    total = subtotal - off
    credit = min(max(0, total), max(0, -customer["balance"]))
    due = max(0, total) - credit
    return {
        "customer": customer["id"],
        "customer_email": customer["email"],
        "currency": subscription["currency"],
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "lines": {"object": "list", "data": lines, "has_more": False, "url": ""},
        "subtotal": subtotal,
        "total": total,
        "total_discount_amounts": [{"amount": off, "discount": None}] if off else [],
        "starting_balance": customer["balance"],
        "ending_balance": customer["balance"] + credit + min(0, total),
        "amount_due": due,
        "amount_paid": 0,
        "amount_remaining": due,
        "attempt_count": 0,
        "attempted": False,
        "next_payment_attempt": None,
        "period_start": min((each["period"]["start"] for each in lines), default=world.now()),
        "period_end": max((each["period"]["end"] for each in lines), default=world.now()),
        "status": "draft",
        "number": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "parent": {
            "type": "subscription_details",
            "subscription_details": {
                "subscription": subscription["id"],
                "metadata": subscription["metadata"],
            },
        },
        "status_transitions": {"finalized_at": None, "paid_at": None, "voided_at": None},
    }


def issue(world: World, subscription: Object, lines: list[Object], reason: str) -> Object:
    """Make an invoice final and have the card pay it."""
    invoice = world.new("invoice", **build(world, subscription, lines, reason))
    customer = world.get("customer", subscription["customer"])
    customer["balance"] = invoice["ending_balance"]
    number = len(world.objects["invoice"])
    invoice |= {
        "number": f"GX-{number:04d}",
        "status": "open",
        "hosted_invoice_url": f"/invoices/{invoice['id']}",
        "invoice_pdf": f"/invoices/{invoice['id']}",
    }
    invoice["status_transitions"]["finalized_at"] = world.now()
    subscription["latest_invoice"] = invoice["id"]
    _use_once(world, subscription)
    world.emit("invoice.created", invoice)
    world.emit("invoice.finalized", invoice)
    try_payment(world, invoice)
    return invoice


def try_payment(world: World, invoice: Object) -> bool:
    """Charge the card for what is open; notes the failure and when it is tried again."""
    invoice["attempted"] = True
    if not invoice["amount_due"] or world.cards.get(invoice["customer"]) == GOOD:
        settle(world, invoice)
        return True
    invoice["attempt_count"] += 1
    tries = invoice["attempt_count"]
    invoice["next_payment_attempt"] = (
        world.now() + RETRY_DAYS[tries - 1] * DAY if tries <= len(RETRY_DAYS) else None
    )
    world.emit("invoice.payment_failed", invoice)
    return False


def settle(world: World, invoice: Object) -> None:
    """Note that an invoice is paid."""
    invoice |= {
        "status": "paid",
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "next_payment_attempt": None,
    }
    invoice["status_transitions"]["paid_at"] = world.now()
    world.emit("invoice.paid", invoice)


def refuse_bad_card(world: World, customer: str) -> None:
    """Raise Stripe's answer for a card that does not pay."""
    behaviour = world.cards.get(customer)
    if behaviour == GOOD:
        return
    if behaviour is None:
        raise Problem(
            "This customer has no attached payment source or default payment method.",
            code="resource_missing",
        )
    code = "card_declined" if behaviour == DECLINED else "authentication_required"
    raise Problem("Your card was declined.", status=402, code=code, kind="card_error")


def _discount(world: World, subscription: Object, subtotal: int) -> int:
    off = 0
    for discount_id in subscription["discounts"]:
        coupon = world.get("coupon", world.get("discount", discount_id)["source"]["coupon"])
        rest = max(0, subtotal - off)
        if coupon["percent_off"] is not None:
            off += int(rest * round(coupon["percent_off"] * 100) + 5_000) // 10_000
        else:
            off += min(rest, coupon["amount_off"] or 0)
    return off


def _use_once(world: World, subscription: Object) -> None:
    """Take off the discounts that hold for a single invoice."""
    kept: list[Any] = []
    for discount_id in subscription["discounts"]:
        coupon = world.get("coupon", world.get("discount", discount_id)["source"]["coupon"])
        if coupon["duration"] != "once":
            kept.append(discount_id)
    subscription["discounts"] = kept
