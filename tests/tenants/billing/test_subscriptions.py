"""Subscriptions from the first checkout to the last farewell, against the simulator and the real database."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select, update

from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberIn, MemberPatch
from core.kernel.errors import Conflict, Invalid, NotFound
from core.tenancy.control_log import ControlEvent
from core.tenancy.directory import TenantRow
from tenants.billing import jobs, lines, payments, service_accounts
from tenants.billing.gateway import PaymentRefused
from tenants.billing.models import BillingAccount, StripeEvent
from tenants.billing.plans import PLANS
from tenants.billing.schema import MessageIn, Nothing, PlanIn
from tenants.billing.simulator import hosted, invoices
from tests.tenants.billing.conftest import Bank

TEAM = PlanIn(plan="team", interval="month")
BUSINESS = PlanIn(plan="business", interval="month")
YEARLY = PlanIn(plan="team", interval="year")


async def told(bank: Bank) -> list[str]:
    async with bank.runtime.control() as control:
        chosen = select(ControlEvent.data).where(ControlEvent.name == "subscription.changed")
        found = await control.session.scalars(chosen.order_by(ControlEvent.id))
        return [f"{data['plan']} {data['state']}" for data in found]


async def test_a_first_checkout_begins_a_trial_for_all_members(bank: Bank) -> None:
    await bank.subscribe(trial=True)
    account, tenant = await bank.account(), await bank.seen()
    assert (account.plan, account.state, account.source, account.seats) == ("team", "trialing", "stripe", 4)
    assert account.trial_until == bank.runtime.clock.now() + timedelta(days=14)
    assert bank.quantities == {"guanxi_team_month_usd_1200": 4}
    assert tenant.limits == {"customers": 50_000, "api_keys": 20, "storage_mb": 20_000}
    await bank.pass_days(15)
    account = await bank.account()
    assert (account.state, account.next_minor) == ("active", 4_800)
    assert await told(bank) == ["team trialing", "team active"]


async def test_the_second_subscription_has_no_trial(bank: Bank) -> None:
    await bank.subscribe(trial=True)
    await payments.cancel(bank.runtime, bank.buyer, at_period_end=True)
    await bank.pass_days(15)
    assert (await bank.account()).state == "free"
    await bank.subscribe()
    assert (await bank.account()).state == "active"


async def test_whoever_has_a_subscription_opens_no_second_one(bank: Bank) -> None:
    await bank.subscribe()
    with pytest.raises(Conflict):
        await payments.checkout(bank.runtime, bank.buyer, TEAM)


async def test_of_two_checkouts_paid_at_once_one_is_given_back(bank: Bank) -> None:
    first = await payments.checkout(bank.runtime, bank.buyer, TEAM)
    second = await payments.checkout(bank.runtime, bank.buyer, BUSINESS)
    for url in (first, second):
        hosted.pay(bank.world, url.rpartition("/")[2], invoices.GOOD)
    await bank.settle()
    states = sorted(each["status"] for each in bank.world.all("subscription"))
    assert states == ["canceled", "trialing"]
    (living,) = [each for each in bank.world.all("subscription") if each["status"] == "trialing"]
    assert (await bank.account()).subscription_id == living["id"]


async def test_seats_follow_members(bank: Bank) -> None:
    await bank.subscribe()
    async with bank.ann.acting() as ctx:
        fay = await people.add_member(ctx, MemberIn(name="Fay", email="fay@acme.test"))
    await bank.settle()
    assert bank.quantities == {"guanxi_team_month_usd_1200": 5}
    async with bank.ann.acting() as ctx:
        member = await ctx.session.get_one(Member, fay.id)
        await people.update_member(ctx, member, MemberPatch(title="Boss"))
    await bank.settle()
    async with bank.ann.acting() as ctx:
        member = await ctx.session.get_one(Member, fay.id)
        await people.update_member(ctx, member, MemberPatch(active=False))
    await bank.settle()
    assert bank.quantities == {"guanxi_team_month_usd_1200": 4}
    assert (await bank.account()).seats == 4


async def test_members_of_who_does_not_pay_by_card_are_not_counted_there(bank: Bank) -> None:
    async with bank.ann.acting() as ctx:
        await people.add_member(ctx, MemberIn(name="Fay", email="fay@acme.test"))
    await bank.settle()
    assert bank.world.objects["customer"] == {}
    await payments.sync(bank.runtime, bank.tenant.id)
    await payments.refresh(bank.runtime, bank.tenant.id)


async def test_an_upgrade_costs_the_difference_at_once(bank: Bank) -> None:
    await bank.subscribe()
    cost = await payments.preview(bank.runtime, bank.buyer, BUSINESS)
    assert cost == 4 * (2_500 - 1_200)
    await payments.change_plan(bank.runtime, bank.buyer, BUSINESS)
    account = await bank.account()
    assert account.plan == "business"
    assert bank.world.all("invoice")[0]["amount_paid"] == cost
    assert (await bank.seen()).limits == {"api_keys": 200, "storage_mb": 200_000}
    assert await payments.preview(bank.runtime, bank.buyer, BUSINESS) == 0
    await payments.change_plan(bank.runtime, bank.buyer, BUSINESS)


async def test_a_downgrade_gives_credit_and_takes_nothing_away(bank: Bank) -> None:
    await bank.subscribe("business")
    for number in range(3):
        await bank.ann.api.post("/customers", json={"name": f"Customer {number}"})
    await payments.change_plan(bank.runtime, bank.buyer, TEAM)
    assert (await bank.account()).plan == "team"
    (customer,) = bank.world.objects["customer"].values()
    assert customer["balance"] == -4 * (2_500 - 1_200)
    assert len((await bank.ann.api.get("/customers")).json()["data"]) == 3


async def test_a_year_is_one_sum_with_room_for_so_many(bank: Bank) -> None:
    await bank.subscribe()
    await payments.change_plan(bank.runtime, bank.buyer, YEARLY)
    account, tenant = await bank.account(), await bank.seen()
    assert (account.interval, bank.quantities) == ("year", {"guanxi_team_year_usd_199000": 1})
    assert tenant.limits["members"] == 20
    assert account.period_end is not None
    assert account.period_end > bank.runtime.clock.now() + timedelta(days=360)


async def test_a_new_price_is_for_those_who_buy_or_change_from_then_on(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bank.subscribe()
    dearer = {
        key: replace(plan, seat_monthly={"USD": 2 * plan.seat_monthly["USD"]}) if plan.seat_monthly else plan
        for key, plan in PLANS.items()
    }
    monkeypatch.setattr(lines, "PLANS", dearer)
    async with bank.ann.acting() as ctx:
        await people.add_member(ctx, MemberIn(name="Fay", email="fay@acme.test"))
    await bank.settle()
    assert bank.quantities == {"guanxi_team_month_usd_1200": 5}
    assert (await bank.account()).price_minor == 1_200
    page = (await bank.ann.page.get(bank.ann.w("/settings/billing"))).text
    assert "5 seats × $12.00" in re.sub(r"<[^>]+>", "", page)

    await payments.change_plan(bank.runtime, bank.buyer, BUSINESS)
    assert bank.quantities == {"guanxi_business_month_usd_5000": 5}
    await payments.change_plan(bank.runtime, bank.buyer, TEAM)
    assert bank.quantities == {"guanxi_team_month_usd_2400": 5}
    account = await bank.account()
    assert (account.plan, account.price_minor) == ("team", 2_400)


async def test_a_card_that_refuses_an_upgrade_leaves_all_as_it_was(bank: Bank) -> None:
    await bank.subscribe()
    bank.card(invoices.DECLINED)
    with pytest.raises(PaymentRefused) as refused:
        await payments.change_plan(bank.runtime, bank.buyer, BUSINESS)
    assert "declined" in (refused.value.detail or "")
    bank.card(invoices.UNPROVEN)
    with pytest.raises(PaymentRefused) as refused:
        await payments.change_plan(bank.runtime, bank.buyer, BUSINESS)
    assert "confirm" in (refused.value.detail or "")
    await bank.settle()
    assert (await bank.account()).plan == "team"


async def test_a_failed_payment_has_fourteen_days_of_grace_then_reading_then_recovery(bank: Bank) -> None:
    await bank.subscribe()
    bank.card(invoices.DECLINED)
    await bank.pass_days(32)
    account, tenant = await bank.account(), await bank.seen()
    assert account.state == "past_due"
    assert account.grace_until is not None
    assert tenant.notices["billing"] == "past_due"
    assert not tenant.readonly
    assert (await bank.ann.api.post("/customers", json={"name": "In grace"})).status_code == 201
    assert "Until" in (await bank.ann.page.get(bank.ann.w("/settings/billing"))).text

    await bank.pass_days(14)
    await jobs.watch(bank.runtime, Nothing())
    tenant = await bank.seen()
    assert tenant.readonly
    assert tenant.notices == {"billing": "readonly"}
    refused = await bank.ann.api.post("/customers", json={"name": "Too late"})
    assert (refused.status_code, refused.json()["code"]) == (402, "workspace.readonly")
    assert (await bank.ann.api.get("/customers")).status_code == 200

    bill = bank.world.all("invoice", status="open")[-1]["id"]
    with pytest.raises(PaymentRefused):
        await payments.pay(bank.runtime, bank.buyer, bill)
    bank.card(invoices.GOOD)
    for each in bank.world.all("invoice", status="open"):
        await payments.pay(bank.runtime, bank.buyer, each["id"])
    account, tenant = await bank.account(), await bank.seen()
    assert (account.state, account.grace_until, tenant.readonly) == ("active", None, False)
    assert (await bank.ann.api.post("/customers", json={"name": "Back"})).status_code == 201


async def test_an_end_for_want_of_payment_stays_until_it_is_settled(bank: Bank) -> None:
    bank.world.after_retries = "canceled"
    await bank.subscribe()
    bank.card(invoices.DECLINED)
    await bank.pass_days(60)
    account, tenant = await bank.account(), await bank.seen()
    assert (account.state, account.source, tenant.readonly) == ("unpaid", "none", True)
    bank.card(invoices.GOOD)
    for each in bank.world.all("invoice", status="open"):
        await payments.pay(bank.runtime, bank.buyer, each["id"])
    account, tenant = await bank.account(), await bank.seen()
    assert (account.state, account.plan, tenant.readonly) == ("free", "free", False)


async def test_nobody_pays_an_invoice_of_others(bank: Bank) -> None:
    await bank.subscribe()
    with pytest.raises(NotFound):
        await payments.pay(bank.runtime, bank.buyer, "in_unknown")


async def test_an_end_with_the_period_can_be_taken_back(bank: Bank) -> None:
    await bank.subscribe()
    await payments.cancel(bank.runtime, bank.buyer, at_period_end=True)
    account = await bank.account()
    assert account.cancel_at == account.period_end
    await payments.cancel(bank.runtime, bank.buyer, at_period_end=False)
    assert (await bank.account()).cancel_at is None
    await payments.cancel(bank.runtime, bank.buyer, at_period_end=True)
    await bank.pass_days(32)
    account, tenant = await bank.account(), await bank.seen()
    assert (account.plan, account.state, account.subscription_id) == ("free", "free", None)
    assert tenant.limits["customers"] == 1_000
    with pytest.raises(Conflict):
        await payments.cancel(bank.runtime, bank.buyer, at_period_end=True)


async def test_a_code_takes_something_off_the_next_invoice(bank: Bank) -> None:
    await bank.subscribe()
    client: Any = payments.gateway(bank.runtime)._client
    coupon = await client.v1.coupons.create_async({"percent_off": 50.0, "duration": "forever"})
    await client.v1.promotion_codes.create_async(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    )
    with pytest.raises(Invalid):
        await payments.use_code(bank.runtime, bank.buyer, "NONE")
    await payments.use_code(bank.runtime, bank.buyer, " HALF ")
    assert (await bank.account()).next_minor == 2_400


async def test_messages_come_once_or_often_signed_or_not_at_all(bank: Bank) -> None:
    bank.world.delivery |= {"duplicates": 3, "shuffle": True}
    await bank.subscribe()
    async with bank.runtime.control() as control:
        noted = (await control.session.scalars(select(StripeEvent))).all()
    assert {each.id for each in noted} == set(bank.world.objects["event"])
    assert all(each.applied_at for each in noted)
    await jobs.take_message(bank.runtime, MessageIn(event_id=noted[0].id))
    await jobs.take_message(bank.runtime, MessageIn(event_id="evt_none"))
    page = bank.ann.page
    assert (await page.post("/billing/stripe", content=b"{}")).status_code in (400, 403)


async def test_a_lost_message_is_made_up_for_within_a_day(bank: Bank) -> None:
    await bank.subscribe()
    await payments.cancel(bank.runtime, bank.buyer, at_period_end=True)
    await bank.settle()
    bank.runtime.clock.advance(33 * 86_400)  # type: ignore[attr-defined]
    from tenants.billing.simulator import clock

    clock.advance(bank.world, int(bank.runtime.clock.now().timestamp()))
    bank.world.outbox.clear()
    assert (await bank.account()).state == "active"
    await jobs.watch(bank.runtime, Nothing())
    assert (await bank.account()).state == "free"


async def test_a_subscription_that_cannot_be_read_keeps_no_other_waiting(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bank.subscribe()
    async with bank.runtime.control() as control:
        poison = BillingAccount(tenant_id=uuid4(), currency="USD", plan="team", source="stripe")
        poison.checked_at = control.now() - timedelta(days=9)
        control.session.add(poison)
        account = await service_accounts.account_of(control, bank.tenant.id)
        account.checked_at = control.now() - timedelta(days=2)
        old = {"id": "evt_old", "type": "ping", "received_at": control.now() - timedelta(days=91)}
        await control.session.execute(insert(StripeEvent).values(old))
    real = payments.refresh

    async def refresh(runtime: Any, tenant_id: Any) -> None:
        if tenant_id != bank.tenant.id:
            raise NotFound
        await real(runtime, tenant_id)

    monkeypatch.setattr(payments, "refresh", refresh)
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    await jobs.watch(bank.runtime, Nothing())
    before = (await bank.account()).checked_at
    await jobs.watch(bank.runtime, Nothing())
    after = (await bank.account()).checked_at
    assert before is not None
    assert after is not None
    assert after - before > timedelta(days=1)
    async with bank.runtime.control() as control:
        assert await control.session.get(StripeEvent, "evt_old") is None


async def test_a_workspace_that_is_removed_pays_no_longer(bank: Bank) -> None:
    await bank.subscribe()
    async with bank.runtime.control() as control:
        leaving = update(TenantRow).where(TenantRow.id == bank.tenant.id).values(state="deleting")
        await control.session.execute(leaving)
    await jobs.watch(bank.runtime, Nothing())
    assert bank.subscription["cancel_at_period_end"]
    assert (await bank.account()).cancel_at is not None
    await jobs.watch(bank.runtime, Nothing())
    async with bank.runtime.control() as control:
        account = await service_accounts.account_of(control, bank.tenant.id)
        account.tenant_id = uuid4()
        await control.session.flush()
        assert not await service_accounts.publish(control, account)
        control.roll_back()


async def test_a_reading_that_was_overtaken_is_not_taken_over(bank: Bank) -> None:
    await bank.subscribe()
    account = await bank.account()
    assert account.customer_id is not None
    old = await payments.gateway(bank.runtime).snapshot(account.customer_id)
    await payments.change_plan(bank.runtime, bank.buyer, BUSINESS)
    async with bank.runtime.control() as control:
        assert not await service_accounts.apply(control, bank.tenant.id, account.version, old)
    assert (await bank.account()).plan == "business"


async def test_without_a_payment_service_nothing_is_sold(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace as replace_fields

    kept = bank.runtime._parts.copy()
    bank.runtime._parts.clear()
    monkeypatch.setattr(bank.runtime, "settings", replace_fields(bank.runtime.settings, stripe_api_key=None))
    with pytest.raises(payments.NoGateway):
        await payments.portal(bank.runtime, bank.buyer)
    bank.runtime._parts.update(kept)
