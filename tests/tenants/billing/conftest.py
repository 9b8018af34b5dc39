"""Acme with a payment service: the simulator in this process, its messages carried by hand."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from core.ext import hooks
from core.ext.registry import Module
from core.ext.specs import Manifest, Price
from core.runtime import Runtime
from core.tenancy.directory import Tenant
from tenants.billing import payments, service_accounts
from tenants.billing.models import BillingAccount, BillingItem
from tenants.billing.payments import Buyer
from tenants.billing.schema import PlanIn
from tenants.billing.simulator import clock, hosted, invoices
from tenants.billing.simulator.app import create_app
from tenants.billing.simulator.courier import Courier
from tenants.billing.simulator.world import Object, World
from tests.fixtures.payments import SECRET, paying_at
from tests.fixtures.people import BASE, Person

ADDRESS = "http://pay.test"


@dataclass
class Bank:
    """The payment service and Acme's dealings with it."""

    world: World
    runtime: Runtime
    ann: Person
    courier: Courier
    drain: Callable[[], Awaitable[None]]
    keys: Any = field(default_factory=itertools.count)

    @property
    def tenant(self) -> Tenant:
        return self.ann.tenant

    @property
    def buyer(self) -> Buyer:
        return Buyer(
            tenant=self.tenant,
            name="Ann",
            email="ann@acme.test",
            locale="en",
            key=str(next(self.keys)),
            back=f"{BASE}/w/acme/settings/billing",
        )

    async def account(self) -> BillingAccount:
        async with self.runtime.control() as control:
            chosen = select(BillingAccount).filter_by(tenant_id=self.tenant.id)
            account = (await control.session.scalars(chosen)).one()
            control.session.expunge(account)
        return account

    async def item(self, plugin: str) -> BillingItem:
        async with self.runtime.control() as control:
            item = (await control.session.scalars(select(BillingItem).filter_by(plugin=plugin))).one()
            control.session.expunge(item)
        return item

    async def seen(self) -> Tenant:
        """The workspace as the directory has it now."""
        self.runtime.directory.forget()
        return await self.runtime.tenant(self.tenant.id)

    async def settle(self) -> None:
        """Carry messages and work on them until nothing is left."""
        while self.world.outbox:
            await self.courier.pump()
            await self.drain()
        await self.drain()

    async def subscribe(self, plan: str = "team", interval: str = "month", *, trial: bool = False) -> Object:
        """Buy a plan with a good card; gives the subscription."""
        if not trial:
            async with self.runtime.control() as control:
                (await service_accounts.ensure(control, self.tenant)).trial_used = True
        url = await payments.checkout(self.runtime, self.buyer, PlanIn(plan=plan, interval=interval))  # type: ignore[arg-type]
        hosted.pay(self.world, url.rpartition("/")[2], invoices.GOOD)
        await self.settle()
        return self.subscription

    @property
    def subscription(self) -> Object:
        return self.world.all("subscription")[0]

    @property
    def quantities(self) -> dict[str, int]:
        """How many of each price the subscription is made of."""
        return {each["price"]["lookup_key"]: each["quantity"] for each in self.subscription["items"]["data"]}

    def card(self, behaviour: str) -> None:
        """Let Acme's card behave so from now on."""
        (customer,) = self.world.objects["customer"]
        self.world.cards[customer] = behaviour

    async def pass_days(self, days: float) -> None:
        """Let time pass, here and there."""
        frozen: Any = self.runtime.clock
        frozen.advance(days * 86_400)
        clock.advance(self.world, int(frozen.now().timestamp()))
        await self.settle()


class Clock:
    """A clock that tests move; it begins with the real time."""

    def __init__(self, start: datetime) -> None:
        self.start = self.instant = start

    def now(self) -> datetime:
        return self.instant

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@pytest.fixture
async def bank(
    runtime: Runtime,
    app: Litestar,
    ann: Person,
    zed: Person,
    drain: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Bank]:
    """A payment service that Acme can buy from."""
    frozen = Clock(runtime.clock.now().replace(microsecond=0))
    monkeypatch.setattr(runtime, "clock", frozen)
    monkeypatch.setattr("tenants.api_keys.authentication.TTL_S", 0.0)
    world = World(clock=frozen.start.timestamp)
    world.address = ADDRESS
    inside = httpx.ASGITransport(app=create_app(world))
    transport = httpx.ASGITransport(app=app)
    with paying_at(runtime, ADDRESS, monkeypatch, inside):
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:

            async def send(body: str, signature: str) -> int:
                headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
                return (await client.post("/billing/stripe", content=body, headers=headers)).status_code

            yield Bank(world, runtime, ann, Courier(world, send, SECRET, seed=1), drain)


MODULES = {
    "sold.plain": Manifest(key="sold.plain", title="Plain", price=Price(amount_minor=900), trial_days=14),
    "sold.seats": Manifest(key="sold.seats", title="Seats", price=Price(amount_minor=200, per="seat")),
    "sold.free": Manifest(key="sold.free", title="Nothing"),
}


@pytest.fixture
def modules(runtime: Runtime) -> Any:
    """Three modules in the shop: one with a trial, one per seat, one free."""
    for key, manifest in MODULES.items():
        runtime.registry.modules[key] = Module(manifest, hooks, builtin=True)
    yield MODULES
    for key in MODULES:
        del runtime.registry.modules[key]
