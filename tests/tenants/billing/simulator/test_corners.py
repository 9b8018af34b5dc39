"""The corners of the played payment service: odd invoices, odd discounts, odd moments, and running for itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from tenants.billing.simulator import app, clock, courier, hosted, invoices, params, subscriptions
from tenants.billing.simulator.courier import Courier
from tenants.billing.simulator.params import Problem
from tenants.billing.simulator.world import World
from tests.tenants.billing.simulator.conftest import DAY, SECRET, START, Shop


async def test_what_is_not_there_has_no_page(shop: Shop) -> None:
    answer = await shop.browser.get("/invoices/in_none")
    assert answer.status_code == 404
    assert "No such invoice" in answer.text


async def test_the_clock_stands_still_where_nobody_moves_it(shop: Shop) -> None:
    moved = await shop.browser.post("/simulator", json={"after_retries": "canceled"})
    assert moved.json()["now"] == START
    assert shop.world.after_retries == "canceled"


async def test_a_payment_that_is_tried_again_may_succeed(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    shop.world.cards[str(made.customer)] = invoices.DECLINED
    clock.advance(shop.world, START + 32 * DAY)
    assert shop.world.get("subscription", made.id)["status"] == "past_due"
    shop.world.cards[str(made.customer)] = invoices.GOOD
    clock.advance(shop.world, START + 40 * DAY)
    assert shop.world.get("subscription", made.id)["status"] == "active"
    assert shop.world.all("invoice")[0]["status"] == "paid"


async def test_what_is_given_up_twice_ends_once(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    bill = shop.world.all("invoice")[0]
    before = len(shop.world.objects["event"])
    clock._give_up(shop.world, bill)
    assert shop.world.get("subscription", made.id)["status"] == "active"
    assert len(shop.world.objects["event"]) == before


async def test_a_bad_new_card_leaves_open_what_is_open(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    shop.world.cards[str(made.customer)] = invoices.DECLINED
    clock.advance(shop.world, START + 32 * DAY)
    hosted.new_card(shop.world, str(made.customer), invoices.UNPROVEN)
    bill = shop.world.all("invoice")[0]
    assert bill["status"] == "open"
    del shop.world.cards[str(made.customer)]
    with pytest.raises(Problem) as refused:
        hosted.pay_invoice(shop.world, bill["id"])
    assert refused.value.body["error"]["code"] == "resource_missing"
    await shop.stripe.v1.subscriptions.cancel_async(made.id)
    assert shop.world.get("invoice", bill["id"])["next_payment_attempt"] is None


async def test_an_end_stops_the_tries_of_its_own_invoices_alone(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    shop.world.cards[str(made.customer)] = invoices.DECLINED
    clock.advance(shop.world, START + 32 * DAY)
    bill = shop.world.all("invoice")[0]
    bill["parent"]["subscription_details"]["subscription"] = "sub_other"
    await shop.stripe.v1.subscriptions.cancel_async(made.id)
    assert shop.world.get("invoice", bill["id"])["next_payment_attempt"] is not None


async def test_a_preview_shows_a_change_and_knows_an_end(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    items: Any = [{"id": made.items.data[0].id, "quantity": 3}]
    preview = shop.stripe.v1.invoices.create_preview_async
    soon = await preview({"subscription": made.id, "subscription_details": {"items": items}})
    assert soon.total >= 3_600
    assert shop.world.get("subscription", made.id)["items"]["data"][0]["quantity"] == 1
    await shop.stripe.v1.subscriptions.cancel_async(made.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await preview({"subscription": made.id})
    assert refused.value.code == "invoice_upcoming_none"


async def test_discounts_hold_once_or_for_ever_and_go_when_asked(shop: Shop) -> None:
    ever: Any = {"id": "EVER", "percent_off": 50.0, "duration": "forever"}
    await shop.stripe.v1.coupons.create_async(ever)
    made = await shop.subscribe(await shop.price("team", 1_200), discounts=[{"coupon": "EVER"}])
    clock.advance(shop.world, START + 32 * DAY)
    assert [bill["amount_paid"] for bill in shop.world.all("invoice")] == [600, 600]
    await shop.stripe.v1.subscriptions.update_async(made.id, {"discounts": ""})
    clock.advance(shop.world, START + 63 * DAY)
    assert shop.world.all("invoice")[0]["amount_paid"] == 1_200


async def test_a_checkout_with_a_trial_costs_nothing_today_and_takes_a_code(shop: Shop) -> None:
    coupon = await shop.stripe.v1.coupons.create_async({"percent_off": 10.0, "duration": "once"})
    code: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"}
    await shop.stripe.v1.promotion_codes.create_async(code)
    customer = await shop.stripe.v1.customers.create_async({"email": "a@b.test"})
    order: Any = {
        "mode": "subscription",
        "customer": customer.id,
        "line_items": [{"price": await shop.price("team", 1_200)}],
        "subscription_data": {"trial_period_days": 14},
        "allow_promotion_codes": True,
    }
    session = await shop.stripe.v1.checkout.sessions.create_async(order)
    assert hosted.total(shop.world, shop.world.get("checkout.session", session.id)) == 0
    hosted.pay(shop.world, session.id, invoices.GOOD, "SPRING")
    assert shop.world.all("promotion_code")[0]["times_redeemed"] == 1


async def test_prices_of_one_subscription_agree(shop: Shop) -> None:
    customer = await shop.stripe.v1.customers.create_async({"email": "a@b.test"})
    month, yuan = await shop.price("team", 1_200), await shop.price("yuan", 6_800, currency="cny")
    with pytest.raises(Problem):
        subscriptions.begin(
            shop.world, customer.id, [{"price": price, "quantity": 1} for price in (month, yuan)]
        )


async def test_messages_wait_while_they_are_held(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "PAUSE_S", 0.01)
    came: list[str] = []

    async def send(body: str, signature: str) -> int:
        came.append(body)
        return 200

    shop.world.delivery["hold"] = True
    shop.world.emit("invoice.paid", {"id": "in_1"})
    running = asyncio.create_task(Courier(shop.world, send, SECRET).run())
    await asyncio.sleep(0.1)
    assert came == []
    shop.world.delivery["hold"] = False
    while not came:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    running.cancel()
    assert len(came) == 1


async def test_it_runs_for_itself_and_tells_whoever_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "PAUSE_S", 0.01)
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    class Server:
        """In the place of the server: somebody who comes by as soon as it serves."""

        def __init__(self, made: Any, **options: Any) -> None:
            self.made, self.options = made, options

        async def serve(self) -> None:
            assert (self.options["address"], self.options["port"]) == ("127.0.0.1", 80)
            transport = httpx.ASGITransport(app=self.made)
            async with (
                self.made.lifespan(),
                httpx.AsyncClient(transport=transport, base_url="http://x", auth=("sk_test_x", "")) as client,
            ):
                came = len(heard)
                key = {"Idempotency-Key": str(came)}
                assert (
                    await client.post("/v1/customers", data={"name": "A"}, headers=key)
                ).status_code == 200
                [first, *_] = self.made.state.world.all("event")
                while not came and first["pending_webhooks"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.5)

    monkeypatch.setattr(app, "Server", Server)
    listening = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    where: dict[str, Any] = {"home": tmp_path, "secret": SECRET}
    async with listening:
        await app.serve("http://127.0.0.1", webhook=f"http://127.0.0.1:{port}/hook", **where)
    assert b"stripe-signature" in heard[0].lower()
    kept = World(tmp_path / "billing-simulator.json")
    assert len(kept.all("customer")) == 1
    assert kept.outbox == []
    await app.serve("http://127.0.0.1", webhook=f"http://127.0.0.1:{port}/hook", **where)
    assert len(heard) == 1, "nobody listens any more"
    events = World(tmp_path / "billing-simulator.json").all("event")
    assert [bool(each["pending_webhooks"]) for each in events] == [True, False]


async def test_without_a_courier_nothing_runs_beside_it(shop: Shop) -> None:
    async with app.create_app(shop.world).lifespan():
        shop.world.emit("invoice.paid", {"id": "in_1"})
        await asyncio.sleep(0.05)
    assert len(shop.world.outbox) == 1


def test_an_empty_list_is_sent_as_nothing() -> None:
    assert params._list(str, "", "expand") == []
