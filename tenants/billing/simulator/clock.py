"""Time goes by: renewals, ends of trials, further tries of failed payments, each at its own instant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from tenants.billing.simulator import invoices, subscriptions
from tenants.billing.simulator.params import Problem
from tenants.billing.simulator.world import Object, World

Due = tuple[int, int, Callable[[], None]]
RENEWED = ("active", "past_due")


def advance(world: World, to: int) -> None:
    """Let everything happen that is due until then, in its order."""
    if to < world.now():
        raise Problem("The clock can only be moved forwards.", param="frozen_time")
    while due := min(_due(world), key=lambda each: each[:2], default=None):
        instant, _, act = due
        if instant > to:
            break
        with world.at(max(instant, 0)):
            act()
    world.offset = to - int(world.clock())


def _due(world: World) -> Iterator[Due]:
    order = 0
    for invoice in world.objects["invoice"].values():
        order += 1
        if invoice["status"] == "open" and invoice["next_payment_attempt"]:
            yield invoice["next_payment_attempt"], order, partial(retry, world, invoice)
    for subscription in world.objects["subscription"].values():
        order += 1
        end = subscription["items"]["data"][0]["current_period_end"]
        if subscription["status"] == "trialing":
            yield subscription["trial_end"], order, partial(_turn, world, subscription)
        elif subscription["status"] in RENEWED:
            yield end, order, partial(_turn, world, subscription)


def _turn(world: World, subscription: Object) -> None:
    """End a period: stop where that was asked for, else begin the next one."""
    if subscription["cancel_at_period_end"]:
        subscriptions.end(world, subscription, "cancellation_requested")
        return
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    subscriptions.renew(world, subscription)
    world.emit("customer.subscription.updated", subscription)


def retry(world: World, invoice: Object) -> None:
    """Try a failed payment again; after the last try do what the installation is set to."""
    if invoices.try_payment(world, invoice):
        subscriptions.paid(world, invoice)
    elif invoice["next_payment_attempt"] is None:
        _give_up(world, invoice)


def _give_up(world: World, invoice: Object) -> None:
    subscription = world.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
    if subscription["status"] != "past_due":
        return
    if world.after_retries == "canceled":
        subscriptions.end(world, subscription, "payment_failed")
