"""Modules at odd moments: jobs that come too late, modules that broke meanwhile, needs that are not ready."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import select

from core.kernel.errors import NotFound
from core.kernel.ids import uuid7
from core.kernel.jobs.models import JobRunRow
from core.kernel.outbox import Relay
from core.tenancy.directory import TenantPlugin
from core.tenancy.plugin_archive import Back, Left
from tenants.marketplace import jobs, pages, queries, service, service_states, views
from tenants.marketplace.service import SWITCH_ON
from tests.fixtures.people import Person
from tests.fixtures.planted import Plant
from tests.tenants.marketplace.conftest import Shop
from tests.tenants.marketplace.test_service import disable, enable, new_customer, uninstall

HERE = "/marketplace/loyalty"
PIXEL = b"\x89PNG\r\n\x1a\n"


class Nothing(msgspec.Struct):
    """Settings of nothing."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait."""
    monkeypatch.setattr(jobs, "SETTLE_S", 0.0)


async def change(shop: Shop, plugin: str = "loyalty", **values: Any) -> None:
    async with shop.runtime.control() as control:
        row = await control.session.get_one(TenantPlugin, (shop.tenant.id, plugin))
        for name, value in values.items():
            setattr(row, name, value)


async def test_a_removal_that_is_no_longer_wished_removes_nothing(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    await uninstall(shop)
    await change(shop, state="enabled", operation_id=None)
    await shop.drain()
    assert await shop.state() == "enabled"
    assert shop.points() == ["installed"]


async def test_what_a_relay_passes_over_that_has_not_heard_of_the_switch_is_not_missed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_on(_tenant_id: UUID, _plugin: str) -> bool:
        return False

    async def a_moment_later() -> None:
        await new_customer(shop, "Just then")
        relay = Relay(
            partial(shop.runtime.databases.cell, "main"), shop.runtime.registry.subscriptions, is_on
        )
        while await relay.relay():
            pass

    await enable(shop)
    await shop.drain()
    await disable(shop)
    await shop.drain()
    await enable(shop)
    monkeypatch.setattr(jobs, "_settle", a_moment_later)
    await shop.drain()
    assert shop.points() == ["installed", "upgraded from 1.0.0", "event Just then"]


async def test_a_module_that_broke_meanwhile_is_not_set_up(shop: Shop) -> None:
    await enable(shop)
    shop.runtime.registry.modules["loyalty"].error = "SyntaxError: today"
    await shop.drain()
    assert await shop.state() == "enabling"
    assert not shop.tables()
    async with shop.runtime.open(shop.tenant) as ctx:
        told = (await ctx.session.scalars(select(JobRunRow.error).where(JobRunRow.name == SWITCH_ON))).one()
    assert "loyalty is out of order: SyntaxError: today" in told


async def test_what_it_needs_is_waited_for(shop: Shop, plant: Plant) -> None:
    shop.use(plant("bonus", {"plugin.py": ""}, more=", requires=('loyalty',)"))
    await enable(shop)
    await shop.drain()
    await change(shop, state="enabling", operation_id=uuid7())
    assert await enable(shop, "bonus") == ["bonus"]
    await shop.drain()
    row = await shop.row("bonus")
    assert row is not None
    assert (row.state, row.problem) == ("enabling", ""), "waiting is no failure"
    await change(shop, state="enabled", operation_id=None)
    await asyncio.sleep(2.1)
    await shop.drain()
    assert await shop.state("bonus") == "enabled"


async def test_what_several_need_comes_once_and_a_circle_has_an_end(shop: Shop, plant: Plant) -> None:
    plant("bonus", {"plugin.py": ""}, more=", requires=('loyalty', 'customers')")
    registry = plant("club", {"plugin.py": ""}, more=", requires=('loyalty', 'bonus')")
    assert queries.needs(registry, "club") == ["loyalty", "bonus", "club"]
    registry.modules["loyalty"].manifest = registry.modules["bonus"].manifest
    assert queries.needs(registry, "club") == ["loyalty", "bonus", "club"]
    assert queries.needs(registry, "nothing") == []


async def test_what_belongs_into_a_transaction_is_not_made_up_for(shop: Shop, plant: Plant) -> None:
    plugin = """
    from core.sdk import Ctx
    HEARD = []

    async def hear(ctx, event):
        HEARD.append(event.label)

    @hookimpl
    def crm_subscriptions():
        return [Subscription(event="customer.created", name="hear", handler=hear, in_transaction=True)]
    """
    shop.use(plant("ears", {"plugin.py": plugin}))
    heard = shop.runtime.registry.modules["ears"].source.HEARD
    await enable(shop, "ears")
    await shop.drain()
    await disable(shop, "ears")
    await new_customer(shop, "Meanwhile")
    await enable(shop, "ears")
    await shop.drain()
    assert await shop.state("ears") == "enabled"
    assert heard == []


async def test_a_removal_is_noted_once_and_by_its_own_job_alone(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    module = shop.runtime.registry.modules["loyalty"]
    before = await shop.row()
    assert before is not None
    await service_states.uninstalled(shop.runtime, shop.tenant, module, uuid4(), "lie.zip")
    back = Back(version="9", left=Left(settings={"rate": 9}, missing_since=None), taken_at=before.updated_at)
    await service_states.brought_back(shop.runtime, shop.tenant, module, uuid4(), back)
    row = await shop.row()
    assert row is not None
    assert (row.state, row.archive, row.version, row.settings) == (
        "enabled",
        "",
        before.version,
        before.settings,
    )


async def test_why_it_cannot_be_switched_stands_on_its_page(shop: Shop, owner: Person, plant: Plant) -> None:
    shop.use(plant("bonus", {"plugin.py": ""}, more=", requires=('loyalty',)"))
    await enable(shop, "bonus")
    await shop.drain()
    owner.page._transport.app = shop.app  # type: ignore[attr-defined]
    refused = await owner.post(f"{HERE}/disable")
    assert refused.status_code == 409
    assert "bonus" in refused.text
    assert await shop.state() == "enabled"
    assert (await owner.post("/marketplace/nothing/enable")).status_code == 404


async def test_settings_are_kept_only_where_it_is_on(shop: Shop, owner: Person) -> None:
    refused = await owner.api.patch("/plugins/loyalty/settings", json={"values": {"rate": 5}})
    assert refused.status_code == 404
    await enable(shop)
    await shop.drain()
    await uninstall(shop)
    await shop.drain()
    refused = await owner.api.patch("/plugins/loyalty/settings", json={"values": {"rate": 5}})
    assert refused.status_code == 404


async def test_pictures_are_those_that_the_manifest_names(shop: Shop, owner: Person, plant: Plant) -> None:
    files = {"plugin.py": "", "docs/secret.txt": "no", "docs/other.png": "no"}
    more = ", screenshots=('list.png', 'secret.txt', 'missing.png')"
    registry = plant("album", files, more=more)
    (registry.modules["album"].folder / "docs" / "list.png").write_bytes(PIXEL)
    shop.use(registry)
    owner.page._transport.app = shop.app  # type: ignore[attr-defined]
    shown = await owner.page.get(owner.w("/marketplace/album/pictures/list.png"))
    assert (shown.content, shown.headers["content-type"]) == (PIXEL, "image/png")
    (registry.modules["album"].folder / "docs" / "list.en.png").write_bytes(PIXEL[:-1])
    shown = await owner.page.get(owner.w("/marketplace/album/pictures/list.png"))
    assert shown.content == PIXEL[:-1]
    for name in ("secret.txt", "missing.png", "other.png", "list.en.png", "..%2Fplugin.py"):
        refused = await owner.page.get(owner.w(f"/marketplace/album/pictures/{name}"))
        assert refused.status_code == 404, name


async def test_a_broken_module_is_shown_as_that(shop: Shop, owner: Person, plant: Plant) -> None:
    shop.use(plant("crack", {"plugin.py": "raise ValueError('cracked')"}, more=", kind='optional'"))
    owner.page._transport.app = shop.app  # type: ignore[attr-defined]
    module = shop.runtime.registry.modules["crack"]
    assert module.error
    page = await owner.page.get(owner.w("/marketplace/crack"))
    assert page.status_code == 200, page.text[:300]


async def test_a_removed_modules_settings_are_nobodys(shop: Shop) -> None:
    await enable(shop)
    await shop.drain()
    await uninstall(shop)
    await shop.drain()
    async with shop.runtime.control() as control:
        with pytest.raises(NotFound):
            await service.configure(control, shop.tenant, "loyalty", Nothing())


async def test_who_may_not_know_of_remote_apps_is_shown_none(shop: Shop) -> None:
    async with shop.runtime.control() as control:
        ctx: Any = SimpleNamespace(can=lambda permission: False)
        assert await pages._apps(ctx, control) == []


def test_a_module_tells_of_itself_in_the_readers_language_or_its_own(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    module: Any = SimpleNamespace(
        error="", folder=tmp_path, manifest=SimpleNamespace(docs="loyalty.md"), key="loyalty"
    )
    assert views.page_of(module, "en") == ""
    (tmp_path / "docs" / "loyalty.md").write_text("# Loyalty\n\nPoints <script>x</script>", "utf-8")
    (tmp_path / "docs" / "loyalty.zh_CN.md").write_text("# 忠诚度\n\n积分", "utf-8")
    # Its title stands above it already.
    assert "<h1" not in views.page_of(module, "en")
    assert "<p>Points" in views.page_of(module, "en")
    assert "<script" not in views.page_of(module, "en")
    assert "积分" in views.page_of(module, "zh_CN")


def test_a_module_names_the_addresses_that_it_answers_at(registry: Any) -> None:
    found = views.touches(registry, registry.modules["marketing.forms"])
    assert any(one.startswith("GET /w/…/") for one in found.endpoints), found.endpoints
    assert any("/api/v1/" in one for one in found.endpoints)
