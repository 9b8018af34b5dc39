"""Messages that come shuffled, twice and late end in the state that the payment service holds.

10,000 sequences run over the pure rules and an account in memory, whose readings and writings interleave as those of
several workers do; forty more go through the webhook, the jobs and the real database.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tenants.billing import jobs, payments
from tenants.billing.gateway import Gateway, Snapshot
from tenants.billing.schema import MessageIn, PlanIn
from tenants.billing.simulator import hosted, invoices, subscriptions
from tenants.billing.standing import Standing, of_stripe
from tests.tenants.billing.conftest import Bank

SEQUENCES = 10_000
SEED = 20_261_121
START = 1_790_000_000
DAY = 86_400
DONE = object()
STATUSES = ("active", "trialing", "past_due", "canceled", "unpaid")


@dataclass
class Service:
    """What a payment service holds, as far as the rules look at it."""

    random: random.Random
    clock: int = START
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    invoices: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> Snapshot:
        """What a reading gives: a copy, which ages."""
        copies = [
            {**each, "items": {"data": [dict(i) for i in each["items"]["data"]]}}
            for each in self.subscriptions
        ]
        return Snapshot(subscriptions=copies[::-1], invoices=[dict(each) for each in self.invoices[::-1]])

    def change(self) -> None:
        """Something happens."""
        self.clock += self.random.randint(1, DAY)
        if not self.subscriptions or self.random.random() < 0.15:
            self._begin()
        newest = self.random.choice(self.subscriptions)
        match self.random.randint(0, 4):
            case 0:
                newest["status"] = self.random.choice(STATUSES)
                reason = self.random.choice((None, "payment_failed", "cancellation_requested"))
                newest["cancellation_details"] = {"reason": reason}
            case 1:
                newest["cancel_at"] = self.random.choice((None, self.clock + 30 * DAY))
            case 2:
                plan, interval = (
                    self.random.choice(some) for some in (("team", "business"), ("month", "year"))
                )
                newest["items"]["data"][0]["price"] = _price(f"guanxi_{plan}_{interval}_usd_1200")
            case 3:
                newest["items"]["data"][0]["quantity"] = self.random.randint(1, 50)
            case 4:
                self._invoice(newest["id"])

    def _begin(self) -> None:
        item = {
            "price": _price("guanxi_team_month_usd_1200"),
            "quantity": 1,
            "current_period_start": self.clock,
            "current_period_end": self.clock + 30 * DAY,
        }
        self.subscriptions.append(
            {
                "id": f"sub_{len(self.subscriptions)}",
                "created": self.clock,
                "status": "active",
                "cancel_at": None,
                "trial_end": self.clock + 14 * DAY,
                "cancellation_details": {"reason": None},
                "items": {"data": [item]},
            }
        )

    def _invoice(self, subscription: str) -> None:
        for each in self.invoices:
            if each["status"] == "open" and self.random.random() < 0.5:
                each["status"] = "paid"
        self.invoices.append(
            {
                "status": "open",
                "created": self.clock,
                "status_transitions": {"finalized_at": self.clock},
                "parent": {"subscription_details": {"subscription": subscription}},
            }
        )


def _price(key: str) -> dict[str, Any]:
    _, _, interval, _, amount = key.split("_")
    return {"lookup_key": key, "unit_amount": int(amount), "recurring": {"interval": interval}}


@dataclass
class Account:
    """The stored account, with the version that guards it."""

    guarded: bool = True
    version: int = 1
    standing: Standing | None = None

    def handler(self, service: Service) -> Generator[None, None, None]:
        """One message's work, as a worker does it: note the version, read, write if nobody wrote since."""
        while True:
            version = self.version
            yield
            snapshot = service.read()
            yield
            if self.version == version or not self.guarded:
                self.standing = of_stripe(snapshot, "free")
                self.version += 1
                return


def run(seed: int, *, guarded: bool) -> tuple[Standing | None, Standing]:
    """One sequence; gives what is stored at its end and what should be."""
    rng = random.Random(seed)
    service, account = Service(rng), Account(guarded)
    waiting: list[Account] = []
    working: list[Generator[None, None, None]] = []
    asleep: list[Generator[None, None, None]] = []
    left = rng.randint(3, 9)
    while left or waiting or working:
        what = rng.random()
        if left and what < 0.3:
            service.change()
            left -= 1
            # Each message comes at least once, some up to three times.
            waiting += [account] * rng.randint(1, 3)
        elif waiting and what < 0.6:
            waiting.pop(rng.randrange(len(waiting)))
            working.append(account.handler(service))
            if rng.random() < 0.2:
                # This worker has read, and then is put to sleep until all others are done.
                asleep.append(working.pop())
                next(asleep[-1])
                next(asleep[-1])
        elif working:
            one = rng.choice(working)
            if next(one, DONE) is DONE:
                working.remove(one)
    rng.shuffle(asleep)
    for one in asleep:
        while next(one, DONE) is not DONE:
            pass
    return account.standing, of_stripe(service.read(), "free")


def test_ten_thousand_sequences_end_in_the_right_state() -> None:
    wrong = [seed for seed in range(SEED, SEED + SEQUENCES) if (end := run(seed, guarded=True))[0] != end[1]]
    assert wrong == [], f"seeds with a wrong end: {wrong[:10]}"


def test_without_the_guard_some_end_wrongly() -> None:
    """The negative control: the sequences have teeth."""
    wrong = sum(end[0] != end[1] for seed in range(SEED, SEED + 1_000) if (end := run(seed, guarded=False)))
    assert wrong > 10


class Slow(Gateway):
    """A gateway whose readings take a while, so that they overtake each other."""

    random = random.Random(7)

    async def snapshot(self, customer: str) -> Snapshot:
        await asyncio.sleep(self.random.uniform(0, 0.004))
        found = await super().snapshot(customer)
        await asyncio.sleep(self.random.uniform(0, 0.004))
        return found


@pytest.mark.parametrize("seed", range(4))
async def test_sequences_through_the_real_database_end_in_the_right_state(bank: Bank, seed: int) -> None:
    rng = random.Random(seed)
    await bank.subscribe()
    gateway = payments.gateway(bank.runtime)
    gateway.__class__ = Slow
    world, held = bank.world, bank.subscription["id"]
    for _ in range(10):
        before = set(world.objects["event"])
        for _ in range(rng.randint(1, 3)):
            match rng.randint(0, 3):
                case 0:
                    subscriptions.change(world, held, {"cancel_at_period_end": rng.random() < 0.5})
                case 1:
                    item = bank.subscription["items"]["data"][0]["id"]
                    change = {"id": item, "quantity": rng.randint(1, 9)}
                    subscriptions.change(world, held, {"items": [change]})
                case 2:
                    bank.card(rng.choice((invoices.GOOD, invoices.DECLINED)))
                    bank.world.objects["subscription"][held]["status"] = "active"
                    subscriptions.renew(world, bank.subscription)
                case 3:
                    (customer,) = world.objects["customer"]
                    hosted.new_card(world, customer, invoices.GOOD)
        world.outbox.clear()
        fresh = [each for each in world.objects["event"] if each not in before]
        copies = [each for each in fresh for _ in range(rng.randint(1, 3))]
        rng.shuffle(copies)
        world.outbox = copies
        await bank.courier.pump()
        await asyncio.gather(
            *(jobs.take_message(bank.runtime, MessageIn(event_id=each)) for each in dict.fromkeys(copies))
        )
        account = await bank.account()
        (customer,) = world.objects["customer"]
        right = of_stripe(await gateway.snapshot(customer), "free")
        assert (account.plan, account.state, account.seats) == (right.plan, right.state, right.seats)
        assert (account.cancel_at, account.grace_until) == (right.cancel_at, right.grace_until)
        assert (account.period_end, account.next_minor) == (right.period_end, right.next_minor)
    assert PlanIn(plan="team").interval == "month"
