"""What the product relies on at the payment service, held against recorded shapes and, by a key, against Stripe itself.

``GUANXI_STRIPE_TEST_KEY=sk_test_…`` runs the same calls with a real test account; without it that part is skipped, and
the product is untested against Stripe itself.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tenants.billing.gateway import Gateway, Line, Order
from tenants.billing.simulator import hosted, invoices
from tenants.billing.simulator.app import create_app
from tenants.billing.simulator.world import World
from tenants.billing.standing import of_stripe

FIXTURES = Path(__file__).parent / "fixtures"
KEY = os.environ.get("GUANXI_STRIPE_TEST_KEY", "")
RELIED_ON: dict[str, dict[str, Any]] = json.loads((FIXTURES / "answers.json").read_text("utf-8"))
SENT: dict[str, list[str]] = json.loads((FIXTURES / "requests.json").read_text("utf-8"))


class Recorder(httpx.AsyncBaseTransport):
    """Passes calls on and keeps what was sent and answered, by method and address."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.sent: dict[str, set[str]] = {}
        self.answered: dict[str, Any] = {}
        self.keyless: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = (await request.aread()).decode() or request.url.query.decode()
        answer = await self.inner.handle_async_request(request)
        name = f"{request.method} {'/'.join(_without_ids(request.url.path))}"
        if request.method == "POST" and "Idempotency-Key" not in request.headers:
            self.keyless.append(name)
        pairs = [part.partition("=")[0] for part in body.split("&") if part]
        self.sent.setdefault(name, set()).update(_plain(pair) for pair in pairs)
        if answer.status_code == 200:
            self.answered[name] = json.loads(await answer.aread())
        return answer


def _without_ids(path: str) -> list[str]:
    return [
        "{id}" if "_" in part and part[-1].isalnum() and len(part) > 17 else part for part in path.split("/")
    ]


def _plain(name: str) -> str:
    from urllib.parse import unquote

    return unquote(name).replace("[0]", "[n]").replace("[1]", "[n]")


def fits(value: Any, like: Any) -> bool:
    """Whether a value has everything that a recorded shape has; ``a|b`` allows either type."""
    if isinstance(like, dict):
        return isinstance(value, dict) and all(
            name in value and fits(value[name], part) for name, part in like.items()
        )
    if isinstance(like, list):
        return isinstance(value, list) and all(fits(each, like[0]) for each in value)
    return type(value).__name__ in like.split("|")


async def use(gateway: Gateway, pay: Any) -> None:
    """Every call that the product makes, in the order of a life."""
    mark = uuid4().hex[:8]
    customer = await gateway.customer(name="Acme", email="a@example.com", tenant_id=mark)
    small, big = [
        await gateway.price(
            lookup_key=f"guanxi_{plan}_month_usd_{amount}",
            name=f"Guanxi {plan}",
            amount_minor=amount,
            currency="USD",
            interval="month",
        )
        for plan, amount in (("team", 1_200), ("business", 2_500))
    ]
    order = Order(
        customer=customer,
        lines=[Line(price=small, quantity=3)],
        success_url="https://example.com/paid",
        cancel_url="https://example.com/back",
        metadata={"tenant": mark},
        trial_days=14,
    )
    url = await gateway.checkout(order, key=f"checkout-{mark}")
    assert url.startswith("http")
    assert (await gateway.portal(customer, "https://example.com/back", key=f"portal-{mark}")).startswith(
        "http"
    )
    assert await gateway.promotion(f"NONE{mark}") is None
    pay(url)
    snapshot = await gateway.snapshot(customer)
    if not snapshot.subscriptions:
        return
    held = snapshot.subscriptions[0]
    item = held["items"]["data"][0]["id"]
    change = {"items": [{"id": item, "price": big, "quantity": 4}], "proration_behavior": "always_invoice"}
    assert await gateway.upcoming(held["id"], change) is not None
    await gateway.change(
        held["id"], {**change, "payment_behavior": "error_if_incomplete"}, key=f"change-{mark}"
    )
    await gateway.change(held["id"], {"cancel_at_period_end": True}, key=f"cancel-{mark}")
    standing = of_stripe(await gateway.snapshot(customer), "free")
    assert (standing.plan, standing.seats) == ("business", 4)
    assert standing.cancel_at is not None
    await gateway.cancel(held["id"], key=f"end-{mark}")
    assert of_stripe(await gateway.snapshot(customer), "free").state == "free"


@pytest.fixture
async def recorded() -> Recorder:
    world = World()
    world.address = "http://pay.test"
    recorder = Recorder(httpx.ASGITransport(app=create_app(world)))
    gateway = Gateway(key="sk_test_x", base="http://pay.test", transport=recorder)
    await use(gateway, lambda url: hosted.pay(world, url.rpartition("/")[2], invoices.GOOD))
    return recorder


async def test_nothing_else_is_sent_than_was_recorded(recorded: Recorder) -> None:
    assert {name: sorted(names) for name, names in sorted(recorded.sent.items())} == SENT


async def test_every_answer_has_what_is_relied_on(recorded: Recorder) -> None:
    assert RELIED_ON.keys() == recorded.answered.keys()
    wrong = [name for name, like in RELIED_ON.items() if not fits(recorded.answered[name], like)]
    assert wrong == []


async def test_every_write_has_an_idempotency_key(recorded: Recorder) -> None:
    assert [name for name in recorded.keyless if not name.endswith("create_preview")] == []


def test_a_shape_is_not_fitted_by_just_anything() -> None:
    assert fits({"id": "x", "more": 1}, {"id": "str"})
    assert not fits({"id": 1}, {"id": "str"})
    assert not fits({}, {"id": "str"})
    assert fits([{"a": None}], [{"a": "int|NoneType"}])
    assert not fits("x", ["str"])


@pytest.mark.skipif(not KEY, reason="no GUANXI_STRIPE_TEST_KEY: untested against Stripe itself")
async def test_stripe_itself_takes_and_answers_the_same() -> None:
    recorder = Recorder(httpx.AsyncHTTPTransport())
    # Nobody pays on Stripe's page here, so the calls end where a subscription would begin.
    await use(Gateway(key=KEY, transport=recorder), lambda url: None)
    for name, found in recorder.answered.items():
        like = RELIED_ON[name]
        if not (isinstance(like.get("data"), list) and not found.get("data")):
            assert fits(found, like), name
