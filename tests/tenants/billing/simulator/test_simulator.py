"""The simulator as Stripe's own library sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stripe

from tenants.billing.simulator import clock, hosted, invoices
from tenants.billing.simulator.courier import Courier
from tenants.billing.simulator.params import Problem, check, decode
from tenants.billing.simulator.world import World
from tests.tenants.billing.simulator.conftest import DAY, SECRET, START, Shop


async def test_a_key_for_tests_is_needed(shop: Shop) -> None:
    assert (await shop.browser.get("/v1/prices")).status_code == 401


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"mode": "subscription", "colour": "red"}, "colour", "parameter_unknown"),
        ({"mode": "holiday"}, "mode", None),
        (
            {"line_items": [{"price": "p", "quantity": "many"}]},
            "line_items[0][quantity]",
            "parameter_invalid_integer",
        ),
        ({"allow_promotion_codes": "perhaps"}, "allow_promotion_codes", None),
        ({"line_items": {"1": {"price": "p"}}}, "line_items", None),
        ({"line_items": "x"}, "line_items", None),
        ({"customer": {"a": "b"}}, "customer", None),
        ({"mode": "subscription", "customer": "cus_none"}, "customer", "resource_missing"),
    ],
)
async def test_a_wrong_parameter_is_named(shop: Shop, params: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await shop.stripe.v1.checkout.sessions.create_async(params)
    assert (refused.value.param, refused.value.code) == (param, code)


async def test_a_missing_parameter_is_named(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await shop.stripe.v1.prices.create_async({"unit_amount": 1})  # type: ignore[typeddict-item]
    assert refused.value.code == "parameter_missing"


def test_fields_nest_only_into_fields() -> None:
    assert decode([("a[0][b]", "1"), ("a[1][b]", "2"), ("c[]", "x")]) == {
        "a": {"0": {"b": "1"}, "1": {"b": "2"}},
        "c": {"0": "x"},
    }
    with pytest.raises(Problem):
        decode([("a", "1"), ("a[b]", "2")])
    assert check(stripe.params.SubscriptionUpdateParams, {"discounts": ""}) == {"discounts": ""}


async def test_an_unknown_address_is_no_endpoint(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await shop.stripe.v1.charges.list_async({})
    assert refused.value.http_status == 404


async def test_a_key_gives_the_first_answer_again_and_no_other(shop: Shop) -> None:
    options: Any = {"idempotency_key": "k"}
    first = await shop.stripe.v1.customers.create_async({"name": "A"}, options)
    assert (await shop.stripe.v1.customers.create_async({"name": "A"}, options)).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        await shop.stripe.v1.customers.create_async({"name": "B"}, options)
    assert len(shop.world.objects["customer"]) == 1


async def test_a_subscription_renews_month_by_month(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200), 3)
    assert made.status == "active"
    clock.advance(shop.world, START + 70 * DAY)
    bills = (await shop.stripe.v1.invoices.list_async({"customer": str(made.customer)})).data
    assert [(bill.status, bill.amount_paid) for bill in bills] == [("paid", 3_600)] * 3
    with pytest.raises(Problem):
        clock.advance(shop.world, START)


async def test_more_seats_cost_their_share_of_the_month(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200), 2)
    item = made.items.data[0]
    length = item.current_period_end - item.current_period_start
    clock.advance(shop.world, START + length // 2)
    await shop.stripe.v1.subscriptions.update_async(made.id, {"items": [{"id": item.id, "quantity": 4}]})
    soon = await shop.stripe.v1.invoices.create_preview_async({"subscription": made.id})
    assert [line.amount for line in soon.lines.data] == [-1_200, 2_400, 4_800]
    clock.advance(shop.world, item.current_period_end + 1)
    newest = (await shop.stripe.v1.invoices.list_async({"customer": str(made.customer)})).data[0]
    assert newest.amount_paid == 6_000


async def test_another_interval_begins_a_new_period_with_credit_for_the_old(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200), 1)
    year = await shop.price("year", 9_000, "year")
    change: Any = {
        "items": [{"id": made.items.data[0].id, "price": year, "quantity": 1}],
        "proration_behavior": "always_invoice",
    }
    soon = await shop.stripe.v1.invoices.create_preview_async(
        {"subscription": made.id, "subscription_details": change}
    )
    assert soon.amount_due == 7_800
    await shop.stripe.v1.subscriptions.update_async(made.id, change)
    newest = (await shop.stripe.v1.invoices.list_async({"customer": str(made.customer)})).data[0]
    assert newest.amount_paid == 7_800


async def test_a_credit_is_used_up_by_later_invoices(shop: Shop) -> None:
    big, small = await shop.price("big", 5_000), await shop.price("small", 1_000)
    made = await shop.subscribe(big)
    await shop.stripe.v1.subscriptions.update_async(
        made.id,
        {"items": [{"id": made.items.data[0].id, "price": small}], "proration_behavior": "always_invoice"},
    )
    assert shop.world.get("customer", made.customer)["balance"] == -4_000
    clock.advance(shop.world, START + 32 * DAY)
    assert shop.world.get("customer", made.customer)["balance"] == -3_000


async def test_a_card_that_does_not_pay_changes_nothing(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("small", 1_000))
    shop.world.cards[str(made.customer)] = invoices.DECLINED
    change: Any = {
        "items": [{"id": made.items.data[0].id, "price": await shop.price("big", 5_000)}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "error_if_incomplete",
    }
    with pytest.raises(stripe.CardError):
        await shop.stripe.v1.subscriptions.update_async(made.id, change)
    kept = await shop.stripe.v1.subscriptions.retrieve_async(made.id)
    assert kept.items.data[0].price.unit_amount == 1_000


@pytest.mark.parametrize("after", ["past_due", "canceled"])
async def test_a_failed_payment_is_tried_again_until_it_is_given_up(shop: Shop, after: str) -> None:
    shop.world.after_retries = after
    made = await shop.subscribe(await shop.price("team", 1_200))
    shop.world.cards[str(made.customer)] = invoices.DECLINED
    clock.advance(shop.world, START + 31 * DAY)
    assert (await shop.stripe.v1.subscriptions.retrieve_async(made.id)).status == "past_due"
    clock.advance(shop.world, START + 50 * DAY)
    found = await shop.stripe.v1.subscriptions.retrieve_async(made.id)
    assert found.status == after
    bill = (await shop.stripe.v1.invoices.list_async({"customer": str(made.customer)})).data[0]
    assert bill.attempt_count == 4


async def test_a_new_card_pays_what_is_open(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    customer = str(made.customer)
    shop.world.cards[customer] = invoices.DECLINED
    clock.advance(shop.world, START + 31 * DAY)
    bill = (await shop.stripe.v1.invoices.list_async({"customer": customer, "status": "open"})).data[0]
    with pytest.raises(stripe.CardError):
        await shop.stripe.v1.invoices.pay_async(bill.id)
    hosted.new_card(shop.world, customer, invoices.GOOD)
    assert (await shop.stripe.v1.subscriptions.retrieve_async(made.id)).status == "active"
    with pytest.raises(stripe.InvalidRequestError):
        await shop.stripe.v1.invoices.pay_async(bill.id)


async def test_a_trial_costs_nothing_until_it_ends(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200), subscription_data={"trial_period_days": 14})
    assert made.status == "trialing"
    clock.advance(shop.world, START + 15 * DAY)
    assert (await shop.stripe.v1.subscriptions.retrieve_async(made.id)).status == "active"
    assert shop.world.all("invoice")[0]["amount_paid"] == 1_200


async def test_a_trial_can_end_at_once(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200), subscription_data={"trial_period_days": 14})
    changed = await shop.stripe.v1.subscriptions.update_async(made.id, {"trial_end": "now"})
    assert changed.status == "active"


async def test_an_end_at_the_end_of_the_period_can_be_taken_back(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    await shop.stripe.v1.subscriptions.update_async(made.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError) as none:
        await shop.stripe.v1.invoices.create_preview_async({"subscription": made.id})
    assert none.value.code == "invoice_upcoming_none"
    await shop.stripe.v1.subscriptions.update_async(made.id, {"cancel_at_period_end": False})
    await shop.stripe.v1.subscriptions.update_async(made.id, {"cancel_at_period_end": True})
    clock.advance(shop.world, START + 40 * DAY)
    assert (await shop.stripe.v1.subscriptions.retrieve_async(made.id)).status == "canceled"
    for params in ({"cancel_at_period_end": True}, {"metadata": {"a": "b"}}):
        with pytest.raises(stripe.InvalidRequestError):
            await shop.stripe.v1.subscriptions.update_async(made.id, params)  # type: ignore[arg-type]


async def test_ending_at_once_gives_credit(shop: Shop) -> None:
    made = await shop.subscribe(await shop.price("team", 1_200))
    await shop.stripe.v1.subscriptions.cancel_async(made.id, {"prorate": True, "invoice_now": True})
    assert shop.world.get("customer", made.customer)["balance"] == -1_200
    with pytest.raises(stripe.InvalidRequestError):
        await shop.stripe.v1.subscriptions.cancel_async(made.id)


@pytest.mark.parametrize(
    ("coupon", "paid"), [({"percent_off": 25.0}, 900), ({"amount_off": 500, "currency": "usd"}, 700)]
)
async def test_a_code_takes_something_off(shop: Shop, coupon: Any, paid: int) -> None:
    made = await shop.stripe.v1.coupons.create_async({"duration": "once", **coupon})
    code = await shop.stripe.v1.promotion_codes.create_async(
        {"promotion": {"type": "coupon", "coupon": made.id}, "code": "SPRING"}
    )
    assert (await shop.stripe.v1.promotion_codes.list_async({"code": "SPRING", "active": True})).data[
        0
    ].id == code.id
    held = await shop.subscribe(await shop.price("team", 1_200), discounts=[{"promotion_code": code.id}])
    clock.advance(shop.world, START + 32 * DAY)
    bills = (await shop.stripe.v1.invoices.list_async({"customer": str(held.customer)})).data
    assert [bill.amount_paid for bill in bills] == [1_200, paid]


async def test_the_pages_pay_and_change(shop: Shop) -> None:
    customer = await shop.stripe.v1.customers.create_async({"email": "a@b.test"})
    price, big = await shop.price("team", 1_200), await shop.price("big", 2_400)
    session = await shop.stripe.v1.checkout.sessions.create_async(
        {
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": price, "quantity": 2}],
            "success_url": "http://x/ok?s={CHECKOUT_SESSION_ID}",
            "allow_promotion_codes": True,
        }
    )
    page = str(session.url)
    assert "Due today: $24.00" in (await shop.browser.get(page)).text
    for card in (invoices.DECLINED, invoices.UNPROVEN):
        assert (await shop.browser.post(page, data={"card": card})).status_code == 402
    assert "code is invalid" in (await shop.browser.post(page, data={"card": "good", "code": "NO"})).text
    done = await shop.browser.post(page, data={"card": "good"})
    assert done.headers["location"] == f"http://x/ok?s={session.id}"
    assert "over" in (await shop.browser.get(page)).text
    assert (await shop.browser.post(page, data={"card": "good"})).status_code == 402

    portal = await shop.stripe.v1.billing_portal.sessions.create_async(
        {"customer": customer.id, "return_url": "http://x/back"}
    )
    held = shop.world.all("subscription")[0]
    for form in (
        {"act": "plan", "subscription": held["id"], "price": big},
        {"act": "card", "card": "declined"},
        {"act": "cancel", "subscription": held["id"]},
    ):
        assert (await shop.browser.post(portal.url, data=form)).status_code == 303, form
    assert "Go on after all" in (await shop.browser.get(portal.url)).text
    await shop.browser.post(portal.url, data={"act": "resume", "subscription": held["id"]})
    moved = await shop.browser.post("/simulator", json={"days": 32, "duplicates": 2})
    assert moved.json()["delivery"]["duplicates"] == 2
    bill = shop.world.all("invoice")[0]
    assert bill["status"] == "open"
    refused = await shop.browser.post(portal.url, data={"act": "pay", "invoice": bill["id"]})
    assert refused.status_code == 402
    await shop.browser.post(portal.url, data={"act": "card", "card": "good"})
    assert shop.world.all("invoice")[0]["status"] == "paid"
    assert "Total" in (await shop.browser.get(f"/invoices/{bill['id']}")).text
    assert (await shop.browser.post(portal.url, data={"act": "dance"})).status_code == 402
    assert "Newest events" in (await shop.browser.get("/")).text


async def test_messages_are_signed_repeated_and_mixed_up(shop: Shop) -> None:
    await shop.subscribe(await shop.price("team", 1_200))
    shop.world.delivery |= {"duplicates": 2, "shuffle": True}
    came: list[str] = []
    failing = True

    async def send(body: str, signature: str) -> int:
        event = stripe.Webhook.construct_event(body, signature, SECRET)
        if failing and event.type == "invoice.paid":
            return 503
        came.append(event.id)
        return 200

    courier = Courier(shop.world, send, SECRET, seed=7)
    await courier.pump()
    assert shop.world.outbox
    failing = False
    await courier.pump()
    wanted = [each["id"] for each in shop.world.all("event")[::-1]]
    assert set(came) == set(wanted)
    assert len(came) > len(wanted)
    assert list(dict.fromkeys(came)) != wanted


async def test_a_message_is_given_up_after_some_tries(shop: Shop) -> None:
    shop.world.emit("invoice.paid", {"id": "in_1"})

    async def send(body: str, signature: str) -> int:
        raise OSError

    courier = Courier(shop.world, send, SECRET)
    for _ in range(8):
        await courier.pump()
    assert shop.world.outbox == []


async def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path / "state.json", clock=lambda: START)
    made = world.new("customer", name="Acme", balance=0)
    clock.advance(world, START + DAY)
    world.save()
    again = World(tmp_path / "state.json", clock=lambda: START)
    assert again.get("customer", made["id"]) == made
    assert again.now() == START + DAY
