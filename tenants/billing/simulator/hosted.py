"""What customers do on Stripe's own pages: pay a checkout, change and end a subscription, change the card."""

from __future__ import annotations

from typing import Any

from tenants.billing.simulator import invoices, subscriptions
from tenants.billing.simulator.params import Problem
from tenants.billing.simulator.world import Object, World

BAD_CARDS = {invoices.DECLINED: "card_declined", invoices.UNPROVEN: "authentication_required"}


def total(world: World, session: Object) -> int:
    """What a checkout costs today, before discounts."""
    if session["sim_trial_days"]:
        return 0
    prices = [(world.get("price", each["price"]), each["quantity"]) for each in session["sim_items"]]
    return sum(price["unit_amount"] * quantity for price, quantity in prices)


def pay(world: World, session_id: str, card: str, code: str = "") -> Object:
    """Complete a checkout with a card; a bad one leaves it open, and raises what Stripe's page would say."""
    session = world.get("checkout.session", session_id)
    if session["status"] != "open":
        raise Problem("This checkout is over.")
    if card in BAD_CARDS:
        raise Problem("Your card was declined.", status=402, code=BAD_CARDS[card], kind="card_error")
    discounts = _promoted(world, code) if code else session["sim_discounts"]
    with world.attempt():
        session = world.get("checkout.session", session_id)
        use_card(world, session["customer"], card)
        subscription = subscriptions.begin(
            world,
            session["customer"],
            session["sim_items"],
            trial_days=session["sim_trial_days"],
            metadata=session["sim_metadata"],
            discounts=discounts,
        )
        session |= {
            "status": "complete",
            "payment_status": "no_payment_required" if session["sim_trial_days"] else "paid",
            "subscription": subscription["id"],
            "invoice": subscription["latest_invoice"],
            "url": None,
        }
        world.emit("checkout.session.completed", session)
    return session


def _promoted(world: World, code: str) -> list[dict[str, Any]]:
    found = next((each for each in world.all("promotion_code", code=code, active=True)), None)
    if found is None:
        raise Problem("This code is invalid.", param="promotion_code")
    return [{"promotion_code": found["id"]}]


def use_card(world: World, customer_id: str, card: str) -> None:
    """Let a customer pay by this card from now on."""
    customer = world.get("customer", customer_id)
    method = world.new(
        "payment_method",
        type="card",
        customer=customer_id,
        card={
            "brand": "visa",
            "last4": "4242" if card == invoices.GOOD else "0341",
            "exp_month": 12,
            "exp_year": 2040,
        },
    )
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    world.cards[customer_id] = card
    world.emit("payment_method.attached", method)
    world.emit("customer.updated", customer)


def new_card(world: World, customer_id: str, card: str) -> None:
    """Change the card on the portal, and have it pay what is open."""
    use_card(world, customer_id, card)
    for invoice in world.all("invoice", customer=customer_id, status="open")[::-1]:
        if invoices.try_payment(world, invoice):
            subscriptions.paid(world, invoice)


def pay_invoice(world: World, invoice_id: str) -> Object:
    """Have the card on file pay an open invoice now."""
    invoice = world.get("invoice", invoice_id)
    if invoice["status"] != "open":
        raise Problem(
            "Invoice is already paid" if invoice["status"] == "paid" else "This invoice cannot be paid."
        )
    invoices.refuse_bad_card(world, invoice["customer"])
    invoices.settle(world, invoice)
    subscriptions.paid(world, invoice)
    return invoice
