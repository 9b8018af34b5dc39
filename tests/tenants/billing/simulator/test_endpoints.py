"""The endpoints one by one, and what each refuses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import stripe

from tenants.billing.simulator import clock
from tenants.billing.simulator.app import create_app
from tenants.billing.simulator.courier import Courier
from tests.tenants.billing.simulator.conftest import DAY, SECRET, START, Shop


async def test_customers_events_and_clocks_answer(shop: Shop) -> None:
    api = shop.stripe.v1
    made = await api.customers.create_async({"name": "A", "metadata": {"a": "1"}})
    await api.customers.update_async(made.id, {"name": "B", "metadata": {"b": "2"}})
    assert (await api.customers.retrieve_async(made.id)).name == "B"
    newest = (await api.events.list_async({"limit": 1})).data[0]
    assert (await api.events.retrieve_async(newest.id)).type == "customer.updated"
    moving = await api.test_helpers.test_clocks.create_async({"frozen_time": START + DAY})
    await api.test_helpers.test_clocks.advance_async(moving.id, {"frozen_time": START + 2 * DAY})
    assert shop.world.now() == START + 2 * DAY


async def test_products_prices_and_checkouts_are_made_right_or_not_at_all(shop: Shop) -> None:
    api = shop.stripe.v1
    product = await api.products.create_async({"name": "Guanxi", "id": "prod_guanxi"})
    with pytest.raises(stripe.InvalidRequestError):
        await api.products.create_async({"name": "Guanxi", "id": "prod_guanxi"})
    price: Any = {
        "currency": "usd",
        "unit_amount": 100,
        "recurring": {"interval": "month"},
        "product": product.id,
        "lookup_key": "k",
    }
    made = await api.prices.create_async(price)
    for wrong in (price, {**price, "lookup_key": "l", "product": "prod_none"}):
        with pytest.raises(stripe.InvalidRequestError):
            await api.prices.create_async(wrong)
    assert [each.id for each in (await api.prices.list_async({"lookup_keys": ["k"]})).data] == [made.id]
    customer = await api.customers.create_async({"name": "A"})
    with pytest.raises(stripe.InvalidRequestError):
        await api.checkout.sessions.create_async({"mode": "subscription", "customer": customer.id})
    session = await api.checkout.sessions.create_async(
        {"mode": "subscription", "customer": customer.id, "line_items": [{"price": made.id}]}
    )
    assert (await api.checkout.sessions.retrieve_async(session.id)).status == "open"
    coupon = await api.coupons.create_async({"id": "TEN", "percent_off": 10.0, "duration": "once"})
    assert coupon.id == "TEN"


async def test_a_change_that_makes_no_sense_changes_nothing(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    item = made.items.data[0].id
    year, yuan = await shop.price("year", 9_000, "year"), await shop.price("yuan", 6_800, currency="cny")
    for items in (
        [{"id": item, "deleted": True}],
        [{"price": year}],
        [{"price": yuan}],
        [{"id": "si_none", "quantity": 2}],
    ):
        with pytest.raises(stripe.InvalidRequestError):
            await shop.stripe.v1.subscriptions.update_async(made.id, {"items": items})  # type: ignore[typeddict-item]
    kept = await shop.stripe.v1.subscriptions.retrieve_async(made.id)
    assert [(each.id, each.quantity) for each in kept.items.data] == [(item, 1)]
    found = await shop.stripe.v1.subscriptions.list_async(
        {"customer": str(made.customer), "status": "past_due"}
    )
    assert found.data == []


async def test_another_interval_leaves_a_trial_as_it_is(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200), subscription_data={"trial_period_days": 14})
    change: Any = {
        "items": [{"id": made.items.data[0].id, "price": await shop.price("year", 9_000, "year")}],
        "proration_behavior": "always_invoice",
    }
    soon = await shop.stripe.v1.invoices.create_preview_async(
        {"subscription": made.id, "subscription_details": change}
    )
    assert soon.total == 0
    assert (await shop.stripe.v1.subscriptions.update_async(made.id, change)).status == "trialing"
    clock.advance(shop.world, START + 15 * DAY)
    assert shop.world.all("invoice")[0]["amount_paid"] == 9_000


async def test_the_courier_runs_beside_the_application(shop: Shop) -> None:
    came: list[str] = []

    async def send(body: str, signature: str) -> int:
        came.append(body)
        return 200

    app = create_app(shop.world, Courier(shop.world, send, SECRET))
    async with app.lifespan():
        shop.world.emit("invoice.paid", {"id": "in_1"})
        while not came:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert len(came) == 1
