"""Lives of subscriptions, made up by Hypothesis: the gateway and the rules against the simulator, beside a model."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tenants.billing import lines
from tenants.billing.gateway import Gateway, Line, Order, PaymentRefused, Snapshot
from tenants.billing.plans import PLANS
from tenants.billing.simulator import clock, hosted, invoices
from tenants.billing.simulator.app import create_app
from tenants.billing.simulator.world import World
from tenants.billing.standing import Standing, entitlement, live, of_stripe

START = 1_790_000_000
plans = st.sampled_from(["team", "business"])
intervals = st.sampled_from(["month", "year"])


class Lives(RuleBasedStateMachine):
    """One workspace, its card, and time."""

    @initialize(after=st.sampled_from(["past_due", "canceled"]))
    def open(self, after: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.world = World(clock=lambda: START)
        self.world.address = "http://pay.test"
        self.world.after_retries = after
        transport = httpx.ASGITransport(app=create_app(self.world))
        self.gateway = Gateway(key="sk_test_x", base="http://pay.test", transport=transport)
        self.customer = self.wait(self.gateway.customer(name="Acme", email="a@b.test", tenant_id="t"))
        self.seats = 3
        self.wishes = 0
        self.is_good = True
        self.plan: tuple[str, str] | None = None
        self.is_ending = False
        self.had_trial = False

    def wait(self, what: Any) -> Any:
        return self.loop.run_until_complete(what)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()

    def snapshot(self) -> Snapshot:
        return self.wait(self.gateway.snapshot(self.customer))  # type: ignore[no-any-return]

    @property
    def standing(self) -> Standing:
        return of_stripe(self.snapshot(), "free")

    def key(self) -> str:
        self.wishes += 1
        return f"k{self.wishes}"

    def prices(self, wanted: list[lines.Wanted], interval: str) -> dict[str, str]:
        return {
            line.lookup_key: self.wait(
                self.gateway.price(
                    lookup_key=line.lookup_key,
                    name=line.name,
                    amount_minor=line.amount_minor,
                    currency="USD",
                    interval=interval,
                )
            )
            for line in wanted
        }

    @rule(plan=plans, interval=intervals, card=st.sampled_from(["good", "declined", "authentication_failed"]))
    @precondition(lambda self: self.plan is None)
    def buy(self, plan: str, interval: Any, card: str) -> None:
        wanted = lines.wanted(plan, interval, "USD", seats=self.seats, modules=())
        prices = self.prices(wanted, interval)
        order = Order(
            customer=self.customer,
            lines=[Line(price=prices[line.lookup_key], quantity=line.quantity) for line in wanted],
            success_url="http://x/paid",
            cancel_url="http://x",
            metadata={"tenant": "t"},
            trial_days=0 if self.had_trial else 14,
        )
        url = self.wait(self.gateway.checkout(order, key=self.key()))
        try:
            hosted.pay(self.world, url.rpartition("/")[2], card)
        except Exception:
            assert card != "good"
            return
        assert card == "good"
        self.is_good = self.had_trial = True
        self.plan, self.is_ending = (plan, interval), False

    @rule(plan=plans, interval=intervals)
    @precondition(lambda self: self.plan is not None)
    def change(self, plan: str, interval: Any) -> None:
        held = live(self.snapshot())[0]
        wanted = lines.wanted(plan, interval, "USD", seats=self.seats, modules=())
        items = lines.changes(held["items"]["data"], wanted, self.prices(wanted, interval))
        if not items:
            return
        how = {"proration_behavior": "always_invoice", "payment_behavior": "error_if_incomplete"}
        try:
            self.wait(self.gateway.change(held["id"], {"items": items, **how}, key=self.key()))
        except PaymentRefused:
            assert not self.is_good
            return
        self.plan = (plan, interval)

    @rule(seats=st.integers(1, 30))
    def hire(self, seats: int) -> None:
        self.seats = seats
        held = live(self.snapshot())
        if self.plan is None or not held:
            return
        plan, interval = self.plan
        wanted = lines.wanted(plan, interval, "USD", seats=seats, modules=())  # type: ignore[arg-type]
        items = lines.changes(held[0]["items"]["data"], wanted, self.prices(wanted, interval))
        if items:
            self.wait(self.gateway.change(held[0]["id"], {"items": items}, key=self.key()))

    @rule(is_ending=st.booleans())
    @precondition(lambda self: self.plan is not None)
    def end(self, is_ending: bool) -> None:
        held = live(self.snapshot())[0]
        change = {"cancel_at_period_end": is_ending}
        self.wait(self.gateway.change(held["id"], change, key=self.key()))
        self.is_ending = is_ending

    @rule(is_good=st.booleans())
    @precondition(lambda self: self.had_trial)
    def other_card(self, is_good: bool) -> None:
        self.is_good = is_good
        if is_good:
            hosted.new_card(self.world, self.customer, invoices.GOOD)
        else:
            self.world.cards[self.customer] = invoices.DECLINED

    @rule(days=st.integers(1, 45))
    def wait_days(self, days: int) -> None:
        clock.advance(self.world, self.world.now() + days * 86_400)
        if not live(self.snapshot()):
            self.plan, self.is_ending = None, False

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "world"):
            return
        snapshot, now = self.snapshot(), datetime.fromtimestamp(self.world.now(), UTC)
        standing = of_stripe(snapshot, "free")
        assert len(live(snapshot)) <= 1
        if self.plan is None:
            assert standing.state in ("free", "unpaid")
        else:
            assert (standing.plan, standing.interval) == self.plan
            assert standing.seats == (self.seats if self.plan[1] == "month" else 1)
            assert (standing.cancel_at is not None) == self.is_ending
            assert standing.period_end is not None
            assert standing.period_end > now
        self._is_entitled(standing, now)

    def _is_entitled(self, standing: Standing, now: datetime) -> None:
        what = entitlement(standing, now)
        owing = standing.state in ("past_due", "unpaid")
        if self.is_good:
            assert not owing
        assert what.readonly == (owing and standing.grace_until is not None and now >= standing.grace_until)
        assert what.limits == PLANS[standing.plan].limits_of(standing.interval)  # type: ignore[arg-type]
        if standing.grace_until is not None:
            assert standing.grace_until <= now + timedelta(days=14)

    @invariant()
    def money_adds_up(self) -> None:
        if not hasattr(self, "world"):
            return
        balance = self.world.get("customer", self.customer)["balance"]
        assert balance <= 0
        total = 0
        for each in self.world.all("invoice"):
            assert each["subtotal"] == sum(line["amount"] for line in each["lines"]["data"])
            assert all(isinstance(each[name], int) for name in ("total", "amount_due", "amount_paid"))
            assert each["amount_due"] >= 0
            assert each["amount_paid"] == (each["amount_due"] if each["status"] == "paid" else 0)
            total += each["total"] - each["amount_due"]
        # What was neither paid nor is owed was credit, given or used.
        assert total == balance


Lives.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestLives = Lives.TestCase
