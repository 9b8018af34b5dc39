"""Modules come, rest, go and come back."""

from __future__ import annotations

import pytest

from core.customers import service as customers
from core.customers.schema import CustomerIn
from core.kernel.errors import Conflict, NotFound
from tenants.marketplace import service
from tests.tenants.marketplace.conftest import Shop


async def enable(shop: Shop, plugin: str = "loyalty", **more: str) -> list[str]:
    async with shop.runtime.control(shop.cast.people["ann"].principal) as control:
        return await service.enable(control, shop.tenant, plugin, **more)


async def disable(shop: Shop, plugin: str = "loyalty") -> bool:
    async with shop.runtime.control(shop.cast.people["ann"].principal) as control:
        return await service.disable(control, shop.tenant, plugin)


async def uninstall(shop: Shop, plugin: str = "loyalty") -> bool:
    async with shop.runtime.control(shop.cast.people["ann"].principal) as control:
        return await service.uninstall(control, shop.tenant, plugin)


async def new_customer(shop: Shop, name: str) -> None:
    ann = shop.cast.people["ann"]
    async with shop.runtime.enter(ann.principal) as ctx:
        await customers.create(ctx, CustomerIn(name=name))


async def test_a_module_is_set_up_by_a_job_and_works_for_one_workspace(shop: Shop) -> None:
    assert await enable(shop) == ["loyalty"]
    assert await shop.state() == "enabling"
    assert not shop.tables()
    assert "loyalty" not in (await shop.now()).plugins
    await shop.drain()
    assert await shop.state() == "enabled"
    assert shop.tables() == {"loyalty_point", "alembic_version_loyalty"}
    assert not shop.tables(tenant=shop.cast.people["zed"].tenant)
    assert "loyalty" in (await shop.now()).plugins
    assert shop.points() == ["installed"]


async def test_switching_on_twice_is_switching_on_once(shop: Shop) -> None:
    await enable(shop)
    assert await enable(shop) == []
    await shop.drain()
    assert await enable(shop) == []
    await shop.drain()
    assert shop.points() == ["installed"]


async def test_switched_off_it_is_gone_at_once_and_keeps_its_rows(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    assert await disable(shop)
    assert "loyalty" not in (await shop.now()).plugins
    assert not await disable(shop)
    await shop.drain()
    assert shop.points() == ["installed"]
    assert await shop.state() == "disabled"


async def test_switched_on_again_it_gets_what_it_missed_once(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    await new_customer(shop, "Before")
    await shop.drain()
    await disable(shop)
    await new_customer(shop, "Meanwhile")
    await shop.drain()
    await enable(shop)
    await shop.drain()
    await new_customer(shop, "After")
    await shop.drain()
    assert shop.points() == [
        "installed",
        "event Before",
        "upgraded from 1.0.0",
        "event Meanwhile",
        "event After",
    ]


async def test_removed_it_leaves_an_archive_that_brings_it_back(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    assert await uninstall(shop)
    assert await shop.state() == "uninstalling"
    await shop.drain()
    assert await shop.state() == "uninstalled"
    assert not shop.tables()
    row = await shop.row()
    assert row is not None
    assert not await uninstall(shop)
    await enable(shop, archive=row.archive)
    await shop.drain()
    assert await shop.state() == "enabled"
    assert shop.points() == ["installed", "last words", "upgraded from 1.0.0"]


async def test_removed_and_taken_anew_it_begins_from_nothing(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    await uninstall(shop)
    await shop.drain()
    await enable(shop)
    await shop.drain()
    assert shop.points() == ["installed"]


@pytest.mark.parametrize("plugin", ["customers", "no.such", ""])
async def test_what_cannot_be_switched_is_not_found(shop: Shop, plugin: str) -> None:
    for verb in (enable, disable, uninstall):
        with pytest.raises(NotFound):
            await verb(shop, plugin)


async def test_a_module_that_is_being_removed_cannot_be_switched_on(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    await uninstall(shop)
    with pytest.raises(Conflict) as caught:
        await enable(shop)
    assert caught.value.code == "plugin.busy"
