"""A module's life under faults and in any order: whatever is asked when, rows, tables and states agree in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.kernel.errors import Conflict
from core.kernel.ids import uuid7
from core.kernel.jobs import JobRun
from core.tenancy import ddl, plugin_archive
from core.tenancy.directory import TenantPlugin
from tenants.marketplace import calls, jobs, missed, service, service_states
from tenants.marketplace.schema import KeepUp
from tenants.marketplace.upkeep import keep_up
from tests.fixtures.planted import Plant
from tests.tenants.marketplace.conftest import Shop
from tests.tenants.marketplace.test_service import disable, enable, new_customer, uninstall

SWITCHES = ("enable", "disable", "uninstall", "work", "customer")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait."""
    monkeypatch.setattr(jobs, "SETTLE_S", 0.0)
    monkeypatch.setattr("core.kernel.jobs.attempt.backoff_s", lambda attempts: 0.0)


class Killed(Exception):
    """The worker is gone."""


def once(function: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """The function, failing the first time, before or after it took effect."""
    done: list[bool] = []

    def call(*args: Any, **kwargs: Any) -> Any:
        if done:
            return function(*args, **kwargs)
        done.append(True)
        if not after:
            raise Killed
        found = function(*args, **kwargs)
        if asyncio.iscoroutine(found):

            async def late() -> None:
                await found
                raise Killed

            return late()
        raise Killed

    return call


POINTS = [
    (ddl, "install"),
    (service_states, "enabled"),
    (missed, "queue_missed"),
    (plugin_archive, "export_and_drop"),
    (plugin_archive, "restore"),
    (service_states, "uninstalled"),
    (JobRun, "step"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("place", "name"), POINTS, ids=[name for _, name in POINTS])
async def test_broken_off_anywhere_it_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, after: bool
) -> None:
    monkeypatch.setattr(place, name, once(getattr(place, name), after=after))
    await enable(shop)
    await shop.drain()
    assert await shop.state() == "enabled"
    assert shop.points() == ["installed"]
    await disable(shop)
    await new_customer(shop, "Meanwhile")
    await enable(shop)
    await shop.drain()
    assert shop.points() == ["installed", "upgraded from 1.0.0", "event Meanwhile"]
    await uninstall(shop)
    await shop.drain()
    assert await shop.state() == "uninstalled"
    assert not shop.tables()
    row = await shop.row()
    assert row is not None
    await enable(shop, archive=row.archive)
    await shop.drain()
    assert await shop.state() == "enabled"
    assert shop.points()[:4] == ["installed", "upgraded from 1.0.0", "event Meanwhile", "last words"]


async def test_what_goes_wrong_is_told_and_can_be_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"now": True}
    real = calls.prepare

    async def prepare(ctx: Any, module: Any, version: str) -> None:
        if broken["now"]:
            raise ValueError("the disk is full of points")
        await real(ctx, module, version)

    monkeypatch.setattr(jobs, "prepare", prepare)
    await enable(shop)
    await shop.drain()
    row = await shop.row()
    assert row is not None
    assert (row.state, row.problem) == ("failed", "ValueError: the disk is full of points")
    assert "loyalty" not in (await shop.now()).plugins
    broken["now"] = False
    await enable(shop)
    await shop.drain()
    assert await shop.state() == "enabled"
    assert shop.points() == ["installed"]


async def test_off_again_before_it_caught_up_it_still_hears_of_all_once(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    await disable(shop)
    await new_customer(shop, "Long ago")
    await shop.drain()
    async with shop.runtime.control() as control:
        row = await control.session.get(TenantPlugin, (shop.tenant.id, "loyalty"))
        assert row is not None
        row.state = "enabled"
        row.updated_at = control.now()
    await disable(shop)
    await enable(shop)
    await shop.drain()
    assert shop.points().count("event Long ago") == 1


async def test_a_newer_version_is_brought_to_every_workspace_once(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    module = shop.runtime.registry.modules["loyalty"]
    module.manifest = msgspec.structs.replace(module.manifest, version="2.0.0")
    for _ in range(2):
        await keep_up(shop.runtime, KeepUp())
        await shop.drain()
    row = await shop.row()
    assert row is not None
    assert (row.state, row.version) == ("enabled", "2.0.0")
    assert shop.points() == ["installed", "upgraded from 1.0.0"]
    assert not await _upgrade(shop, row, "2.0.0")
    await disable(shop)
    assert not await _upgrade(shop, row, "3.0.0")


async def _upgrade(shop: Shop, row: TenantPlugin, version: str) -> bool:
    async with shop.runtime.control() as control:
        return await service.upgrade(control, row, version)


async def test_an_earlier_wish_gives_way_to_a_later_one(shop: Shop) -> None:
    await enable(shop)
    await disable(shop)
    await shop.drain()
    assert await shop.state() == "disabled"
    await enable(shop)
    await uninstall(shop)
    await shop.drain()
    assert await shop.state() == "uninstalled"
    assert not shop.tables()


async def test_what_it_needs_comes_with_it_and_stays_while_needed(shop: Shop, plant: Plant) -> None:
    registry = plant("bonus", {"plugin.py": ""}, more=", requires=('loyalty', 'customers')")
    shop.use(registry)
    assert await enable(shop, "bonus") == ["loyalty", "bonus"]
    await shop.drain()
    assert await shop.state("loyalty") == "enabled"
    assert await shop.state("bonus") == "enabled"
    for verb in (disable, uninstall):
        with pytest.raises(Conflict) as caught:
            await verb(shop)
        assert caught.value.code == "plugin.needed"
        assert caught.value.params == {"modules": "bonus"}
    await disable(shop, "bonus")
    assert await disable(shop)


async def test_a_need_that_failed_stops_what_needs_it(
    shop: Shop, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.use(plant("bonus", {"plugin.py": ""}, more=", requires=('loyalty',)"))
    await enable(shop, "bonus")
    await disable(shop, "bonus")
    await disable(shop)
    await enable(shop, "bonus")
    async with shop.runtime.control() as control:
        row = await control.session.get(TenantPlugin, (shop.tenant.id, "loyalty"))
        assert row is not None
        row.state, row.operation_id = "failed", None
    await shop.drain()
    row = await shop.row("bonus")
    assert row is not None
    assert row.state == "failed"
    assert "loyalty" in row.problem


@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(switches=st.lists(st.sampled_from(SWITCHES), max_size=12))
async def test_any_order_of_switches_ends_well(shop: Shop, switches: list[str]) -> None:
    await uninstall(shop)
    await shop.drain()
    wanted, customers = await shop.state() or "installed", 0
    for switch in (*switches, "work"):
        if switch == "work":
            await shop.drain()
            wanted = {"enabling": "enabled", "uninstalling": "uninstalled"}.get(wanted, wanted)
            assert await shop.state() in ({wanted, ""} if wanted == "installed" else {wanted})
            if wanted != "disabled":
                assert bool(shop.tables()) is (wanted == "enabled")
            continue
        if switch == "customer":
            customers += 1
            await new_customer(shop, f"Customer {customers}")
            continue
        verb = {"enable": enable, "disable": disable, "uninstall": uninstall}[switch]
        if (wanted, switch) == ("uninstalling", "enable"):
            with pytest.raises(Conflict):
                await verb(shop)
            continue
        await verb(shop)
        wanted = _after(wanted, switch)
        assert await shop.state() == wanted
        assert ("loyalty" in (await shop.now()).plugins) is (wanted == "enabled")
    if wanted == "enabled":
        names = shop.points()
        assert names.count("installed") == 1
        assert len([name for name in names if name.startswith("event")]) == len(
            {name for name in names if name.startswith("event")}
        )


def _after(state: str, switch: str) -> str:
    if switch == "enable":
        return state if state == "enabled" else "enabling"
    if switch == "disable":
        return "disabled" if state in {"enabled", "enabling"} else state
    return state if state in {"installed", "uninstalled", "uninstalling"} else "uninstalling"


def test_ids_of_a_moment_begin_there() -> None:
    before = missed.earliest(datetime.now(UTC))
    assert before < uuid7() < missed.earliest(datetime.fromtimestamp(datetime.now(UTC).timestamp() + 60, UTC))
