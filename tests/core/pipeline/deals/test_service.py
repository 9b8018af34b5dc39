"""Deals: numbers, amounts in foreign currencies, targets."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.customers import service as customers
from core.customers.schema import CustomerIn
from core.kernel.errors import Invalid
from core.kernel.ids import uuid7
from core.pipeline import service_settings as settings
from core.pipeline.deals import service
from core.pipeline.deals.schema import DealIn, DealPatch
from core.pipeline.schema import CurrencyRateIn
from tests.core.pipeline.conftest import listed, sent


def codes(error: Invalid) -> set[tuple[str, str]]:
    return {(item.path, item.code) for item in error.errors}


async def test_a_deal_begins_in_the_first_stage_with_a_number_and_an_owner(ctx, stages):
    first, second = await service.create_many(ctx, [DealIn(name="年度框架"), DealIn(name="Pilot")])
    assert first.stage_id == stages[0].id
    assert (first.status, first.owner_id) == ("open", ctx.actor.member_id)
    assert second.number > first.number
    assert first.number.startswith("D")


async def test_its_own_currency_needs_no_rate(ctx):
    deal = await service.create(ctx, DealIn(name="A", amount_minor=12_345))
    assert (deal.currency, deal.base_amount_minor, deal.exchange_rate) == (ctx.tenant.currency, 12_345, None)


async def test_a_foreign_amount_without_a_rate_is_refused(ctx):
    with pytest.raises(Invalid) as refused:
        await service.create(ctx, DealIn(name="A", amount_minor=100, currency="EUR"))
    assert codes(refused.value) == {("exchange_rate", "rate_missing")}


async def test_a_given_rate_is_kept_with_its_day(ctx):
    data = DealIn(name="A", amount_minor=1_001, currency="EUR", exchange_rate=Decimal("7.85"))
    deal = await service.create(ctx, data)
    assert (deal.base_amount_minor, deal.rate_on) == (7_858, ctx.today())
    await service.update(ctx, deal, DealPatch(amount_minor=2_000))
    assert deal.base_amount_minor == 15_700


async def test_the_latest_rate_that_is_valid_is_taken(ctx):
    today = ctx.today()
    for days, rate in ((-30, "7"), (-1, "8"), (5, "9")):
        day = today + timedelta(days=days)
        await settings.create_rate(ctx, CurrencyRateIn(currency="EUR", valid_on=day, rate=Decimal(rate)))
    deal = await service.create(ctx, DealIn(name="A", amount_minor=100, currency="EUR"))
    assert (deal.base_amount_minor, deal.rate_on) == (800, today - timedelta(days=1))
    await service.update(ctx, deal, DealPatch(currency=ctx.tenant.currency))
    assert (deal.base_amount_minor, deal.exchange_rate) == (100, None)


async def test_a_rate_that_makes_more_than_an_amount_can_be_is_refused(ctx):
    data = DealIn(name="A", amount_minor=10**15, currency="EUR", exchange_rate=Decimal(999_999_999))
    with pytest.raises(Invalid) as refused:
        await service.create(ctx, data)
    assert codes(refused.value) == {("amount_minor", "max")}


async def test_yen_have_no_minor_unit(ctx):
    data = DealIn(name="A", amount_minor=1_000, currency="JPY", exchange_rate=Decimal("0.05"))
    assert (await service.create(ctx, data)).base_amount_minor == 5_000


async def test_targets_that_do_not_exist_are_named_all_at_once(ctx):
    data = DealIn(name="A", customer_id=uuid7(), contact_id=uuid7(), lead_id=uuid7(), owner_id=uuid7())
    with pytest.raises(Invalid) as refused:
        await service.create(ctx, data)
    assert {path for path, _ in codes(refused.value)} == {"customer_id", "contact_id", "lead_id", "owner_id"}


async def test_another_ones_customer_is_not_there_for_bo(ann, bo):
    customer = await sent(ann, "/customers", name="Hidden")
    answer = await bo.api.post("/deals", json={"name": "A", "customer_id": customer["id"]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "customer_id"


async def test_the_api_creates_shows_filters_and_refuses(ann, zed):
    deal = await sent(ann, "/deals", name="A", amount_minor=500_00, tags=["大客户"])
    await sent(ann, "/deals", name="B", amount_minor=100_00)
    assert [row["name"] for row in await listed(ann, "/deals?f=amount_minor:gte:200")] == ["A"]
    assert [row["name"] for row in await listed(ann, "/deals?tags=大客户")] == ["A"]
    assert (await zed.api.get(f"/deals/{deal['id']}")).status_code == 404
    assert (await ann.api.post("/deals", json={"name": "A", "status": "won"})).status_code == 400
    for wrong in ({"amount_minor": -1}, {"amount_minor": 1.5}, {"currency": "XXQ"}, {"probability": 101}):
        answer = await ann.api.post("/deals", json={"name": "A", **wrong})
        assert answer.status_code == 422, wrong


async def test_events_stand_on_the_customers_timeline(ann, drain):
    customer = await sent(ann, "/customers", name="恒通贸易")
    deal = await sent(ann, "/deals", name="A", customer_id=customer["id"])
    await ann.api.patch(f"/deals/{deal['id']}", json={"amount_minor": 5})
    await drain()
    async with ann.ctx() as ctx:
        from uuid import UUID

        from core.kernel.events import feed

        told = await feed.timeline(ctx.session, "customer", UUID(customer["id"]))
    assert [event.name for event in told] == ["deal.updated", "deal.created", "customer.created"]


async def test_customers_of_ones_own_are_fine(ctx):
    customer = await customers.create(ctx, CustomerIn(name="恒通"))
    deal = await service.create(ctx, DealIn(name="A", customer_id=customer.id))
    assert deal.customer_id == customer.id
