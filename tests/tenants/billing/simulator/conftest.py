"""A shop: the simulator's world with a client of Stripe's own library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import stripe
from stripe import HTTPXClient, StripeClient

from tenants.billing.simulator import hosted, invoices
from tenants.billing.simulator.app import create_app
from tenants.billing.simulator.world import World

START = 1_790_000_000
DAY = 86_400
SECRET = "whsec_test"


@dataclass
class Shop:
    """A world with a client of it."""

    world: World
    stripe: StripeClient
    browser: httpx.AsyncClient
    prices: dict[str, str] = field(default_factory=dict)

    async def price(self, name: str, amount: int, interval: str = "month", currency: str = "usd") -> str:
        if name not in self.prices:
            made = await self.stripe.v1.prices.create_async(
                {
                    "currency": currency,
                    "unit_amount": amount,
                    "lookup_key": name,
                    "recurring": {"interval": interval},  # type: ignore[typeddict-item]
                    "product_data": {"name": name},
                }
            )
            self.prices[name] = made.id
        return self.prices[name]

    async def subscribe(self, price: str, quantity: int = 1, **more: Any) -> stripe.Subscription:
        customer = await self.stripe.v1.customers.create_async({"email": "a@b.test", "name": "Acme"})
        params: Any = {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": price, "quantity": quantity}],
            "success_url": "http://x/ok?s={CHECKOUT_SESSION_ID}",
            **more,
        }
        session = await self.stripe.v1.checkout.sessions.create_async(params)
        hosted.pay(self.world, session.id, invoices.GOOD)
        found = await self.stripe.v1.subscriptions.list_async({"customer": customer.id})
        return found.data[0]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    world = World(clock=lambda: START)
    world.address = "http://pay.test"
    transport = httpx.ASGITransport(app=create_app(world))
    http = HTTPXClient()
    http._client_async = httpx.AsyncClient(transport=transport)
    client = StripeClient("sk_test_x", base_addresses={"api": "http://pay.test"}, http_client=http)
    async with httpx.AsyncClient(transport=transport, base_url="http://pay.test") as browser:
        yield Shop(world, client, browser)
