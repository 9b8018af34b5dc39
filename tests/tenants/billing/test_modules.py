"""Modules on the bill: their trial, their price beside the plan's, and what happens where nobody pays."""

from __future__ import annotations

from typing import Any

import pytest

from core.kernel.errors import PaymentRequired
from core.tenancy.directory import TenantPlugin
from tenants.billing import payments, service, service_accounts
from tenants.billing.schema import PlanIn
from tests.tenants.billing.conftest import Bank

YEARLY = PlanIn(plan="team", interval="year")


async def test_modules_are_billed_after_their_trial(bank: Bank, modules: Any) -> None:
    await bank.subscribe()
    async with bank.runtime.control() as control:
        for key in modules:
            await service.add_plugin(control, bank.tenant, key)
    await bank.settle()
    assert (await bank.item("sold.plain")).state == "trial"
    assert bank.quantities == {
        "guanxi_team_month_usd_1200": 4,
        "guanxi_plugin_sold.seats_month_usd_200": 4,
    }
    await bank.pass_days(15)
    assert bank.quantities["guanxi_plugin_sold.plain_month_usd_900"] == 1
    assert (await bank.item("sold.plain")).state == "billed"

    async with bank.runtime.control() as control:
        await service.add_plugin(control, bank.tenant, "sold.plain")
        await service.remove_plugin(control, bank.tenant, "sold.plain")
        await service.remove_plugin(control, bank.tenant, "sold.plain")
    await bank.settle()
    assert "guanxi_plugin_sold.plain_month_usd_900" not in bank.quantities
    async with bank.runtime.control() as control:
        await service.add_plugin(control, bank.tenant, "sold.plain")
    await bank.settle()
    assert bank.quantities["guanxi_plugin_sold.plain_month_usd_900"] == 1


async def test_modules_change_their_interval_with_the_plan(bank: Bank, modules: Any) -> None:
    await bank.subscribe()
    async with bank.runtime.control() as control:
        await service.add_plugin(control, bank.tenant, "sold.seats")
    await bank.settle()
    await payments.change_plan(bank.runtime, bank.buyer, YEARLY)
    assert bank.quantities == {
        "guanxi_team_year_usd_199000": 1,
        "guanxi_plugin_sold.seats_year_usd_2400": 4,
    }


async def test_a_module_whose_trial_nobody_pays_for_is_switched_off(bank: Bank, modules: Any) -> None:
    async with bank.runtime.control() as control:
        await service_accounts.give(control, bank.tenant, "free")
        with pytest.raises(PaymentRequired) as refused:
            await service.add_plugin(control, bank.tenant, "sold.seats")
        assert refused.value.code == "billing.needed"
        await service.add_plugin(control, bank.tenant, "sold.plain")
        control.session.add(
            TenantPlugin(tenant_id=bank.tenant.id, plugin="sold.plain", state="enabled", version="1")
        )
    await bank.pass_days(15)
    assert (await bank.item("sold.plain")).state == "unpaid"
    async with bank.runtime.control() as control:
        row = await control.session.get_one(TenantPlugin, (bank.tenant.id, "sold.plain"))
        assert row.state == "disabled"


async def test_billed_modules_end_with_the_subscription(bank: Bank, modules: Any) -> None:
    await bank.subscribe()
    async with bank.runtime.control() as control:
        await service.add_plugin(control, bank.tenant, "sold.seats")
    await bank.settle()
    await payments.cancel(bank.runtime, bank.buyer, at_period_end=True)
    await bank.pass_days(32)
    assert (await bank.item("sold.seats")).state == "unpaid"
