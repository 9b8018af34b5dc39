"""The marketplace as people and programs meet it."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta
from io import BytesIO

import httpx

from core.kernel.jobs.models import Circuit
from core.tenancy import resting
from core.tenancy.plugin_uses import trim
from core.web.uses import uses_of
from tenants.accounts.authentication import COOKIE
from tests.fixtures.people import BASE, Person
from tests.tenants.marketplace.conftest import Shop

HERE = "/marketplace/loyalty"


async def test_the_catalogue_lists_searches_and_narrows(shop: Shop, owner: Person) -> None:
    page = await owner.page.get(owner.w("/marketplace"))
    assert page.status_code == 200
    assert "loyalty" in page.text
    assert "customers</b>" not in page.text
    assert "loyalty</b>" in (await owner.page.get(owner.w("/marketplace?q=LOYAL"))).text
    assert "loyalty</b>" not in (await owner.page.get(owner.w("/marketplace?q=nothing"))).text
    assert "loyalty</b>" not in (await owner.page.get(owner.w("/marketplace?mine=true"))).text


async def test_a_module_says_what_it_asks_for_and_reaches(shop: Shop, owner: Person) -> None:
    page = await owner.page.get(owner.w(HERE))
    assert page.status_code == 200
    for said in ("loyalty_point", "customer.created", "Switch on"):
        assert said in page.text
    assert (await owner.page.get(owner.w("/marketplace/customers"))).status_code == 404
    assert (await owner.page.get(owner.w("/marketplace/nothing"))).status_code == 404


async def test_it_is_switched_on_and_off_and_removed_from_its_page(shop: Shop, owner: Person) -> None:
    answer = await owner.post(f"{HERE}/enable")
    assert answer.status_code == 303
    page = (await owner.page.get(owner.w(HERE))).text
    assert "Being set up" in page
    state = await owner.page.get(owner.w(f"{HERE}/state"))
    assert "plugin-state" in state.text
    await shop.drain()
    assert "Switch off" in (await owner.page.get(owner.w(HERE))).text
    assert (await owner.page.get(owner.w(f"{HERE}/state"))).status_code == 303
    await owner.post(f"{HERE}/disable")
    assert await shop.state() == "disabled"
    assert "Remove" in (await owner.page.get(owner.w(HERE))).text
    await owner.post(f"{HERE}/uninstall")
    await shop.drain()
    assert await shop.state() == "uninstalled"
    archive = await owner.page.get(owner.w(f"{HERE}/archive"))
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(BytesIO(archive.content)) as found:
        assert "installed" in found.read("tables/loyalty_point.copy").decode()
    await owner.post(f"{HERE}/enable", {"restore": "true"})
    await shop.drain()
    assert shop.points()[0] == "installed"
    assert (await owner.page.get(owner.w(f"{HERE}/archive"))).status_code == 404


async def test_settings_are_a_form_and_secrets_never_come_back(shop: Shop, owner: Person) -> None:
    assert (await owner.page.get(owner.w(f"{HERE}/settings"))).status_code == 404
    await owner.post(f"{HERE}/enable")
    await shop.drain()
    page = (await owner.page.get(owner.w(f"{HERE}/settings"))).text
    assert "Points per sale" in page
    wrong = await owner.post(f"{HERE}/settings", {"rate": "0", "greeting": "x" * 51, "token": "s3cret-token"})
    assert wrong.status_code == 422
    assert "s3cret-token" not in wrong.text
    assert wrong.text.count('class="error"') == 2
    await owner.post(f"{HERE}/settings", {"rate": "7", "greeting": "Hi", "token": "s3cret-token"})
    row = await shop.row()
    assert row is not None
    assert row.settings == {"rate": 7, "greeting": "Hi"}
    assert "s3cret" not in str(row.secrets)
    async with shop.runtime.open(await shop.now()) as ctx:
        assert ctx.settings("loyalty").token == "s3cret-token"
        assert ctx.settings("loyalty").rate == 7
    await owner.post(f"{HERE}/settings", {"rate": "8", "greeting": "", "token": ""})
    page = (await owner.page.get(owner.w(f"{HERE}/settings"))).text
    assert "s3cret-token" not in page
    async with shop.runtime.open(await shop.now()) as ctx:
        assert ctx.settings("loyalty").token == "s3cret-token"
        assert ctx.settings("loyalty").greeting == ""
    assert (await owner.post(f"{HERE}/secrets/token/forget")).status_code == 303
    assert (await owner.post(f"{HERE}/secrets/token/forget")).status_code == 404
    async with shop.runtime.open(await shop.now()) as ctx:
        assert ctx.settings("loyalty").token == ""


async def test_the_api_does_all_that_the_pages_do(shop: Shop, owner: Person) -> None:
    listed = (await owner.api.get("/plugins")).json()["data"]
    assert [one["state"] for one in listed if one["key"] == "loyalty"] == ["installed"]
    assert (await owner.api.post("/plugins/loyalty/enable", json={})).json()["state"] == "enabling"
    await shop.drain()
    found = (await owner.api.get("/plugins/loyalty")).json()
    assert found["plugin"]["state"] == "enabled"
    assert found["touches"]["tables"] == ["loyalty_point"]
    there = await owner.api.get("/plugins/loyalty/settings")
    assert there.json() == {"values": {"rate": 3, "greeting": ""}, "secrets": {"token": False}}
    changed = await owner.api.patch("/plugins/loyalty/settings", json={"values": {"rate": 9, "token": "t"}})
    assert changed.json() == {"values": {"rate": 9, "greeting": ""}, "secrets": {"token": True}}
    wrong = await owner.api.patch("/plugins/loyalty/settings", json={"values": {"rate": 0}})
    assert wrong.status_code == 422
    unknown = await owner.api.patch("/plugins/loyalty/settings", json={"values": {"nothing": 0}})
    assert unknown.status_code == 400
    assert (await owner.api.post("/plugins/loyalty/disable")).json()["state"] == "disabled"
    assert (await owner.api.post("/plugins/loyalty/uninstall")).json()["state"] == "uninstalling"
    await shop.drain()
    detail = (await owner.api.get("/plugins/loyalty")).json()
    assert detail["archive"] is True
    assert (await owner.api.post("/plugins/loyalty/enable", json={"restore": True})).status_code == 200
    await shop.drain()
    assert await shop.state() == "enabled"
    assert (await owner.api.get("/plugins/nothing/settings")).status_code == 404
    assert (await owner.api.get("/plugins/nothing")).status_code == 404


async def test_what_it_is_used_for_is_counted_by_the_day(shop: Shop, owner: Person) -> None:
    await owner.post(f"{HERE}/enable")
    await shop.drain()
    assert "Not used yet" in (await owner.page.get(owner.w(HERE))).text
    day = shop.runtime.clock.now().date()
    principal, counts = owner.principal, uses_of(shop.runtime)
    for _ in range(3):
        counts.note(principal, "loyalty", "loyalty.view")
    counts.note(principal, "customers", "customers.view")
    await counts.flush()
    counts.note(principal, "loyalty", "loyalty.view")
    await counts.close()
    found = (await owner.api.get("/plugins/loyalty")).json()["uses"]
    assert found == [{"permission": "loyalty.view", "kind": "member", "uses": 4, "last_on": day.isoformat()}]
    assert "loyalty.view" in (await owner.page.get(owner.w(HERE))).text
    async with shop.runtime.control() as control:
        await trim(control.session, day + timedelta(days=1))
    assert (await owner.api.get("/plugins/loyalty")).json()["uses"] == []


async def test_a_module_that_rests_after_failures_says_so(shop: Shop, owner: Person) -> None:
    await owner.post(f"{HERE}/enable")
    await shop.drain()
    async with shop.runtime.open(await shop.now()) as ctx:
        until = ctx.now() + timedelta(minutes=5)
        ctx.session.add(
            Circuit(plugin="loyalty", failures=10, last_error="ValueError: dry", open_until=until)
        )
    page = (await owner.page.get(owner.w(HERE))).text
    assert "ValueError: dry" in page
    assert "failed 10 times in a row" in page


async def test_administrators_are_told_everywhere_that_a_module_rests(shop: Shop, owner: Person) -> None:
    await owner.post(f"{HERE}/enable")
    await shop.drain()
    told = "paused after many failures"

    async def seen(page: httpx.AsyncClient) -> str:
        await shop.now()
        return (await page.get(owner.w("/customers"))).text

    async def rests(plugin: str, until: datetime | None) -> None:
        await resting.note(shop.runtime, shop.tenant.id, plugin, until)

    now = shop.runtime.clock.now()
    assert told not in await seen(owner.page)
    await rests("loyalty", now + timedelta(minutes=5))
    page = await seen(owner.page)
    assert page.count(told) == 1
    assert f'href="{owner.w("/marketplace/loyalty")}"' in page
    cookies = {COOKIE: shop.cast.people["bo"].token}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=shop.app), base_url=BASE, cookies=cookies
    ) as bo:
        assert told not in await seen(bo), "it is not his to mend"
    await rests("webhooks", now + timedelta(minutes=5))
    page = await seen(owner.page)
    assert page.count(told) == 2
    assert f'href="{owner.w("/jobs")}"' in page, "what cannot be switched has no page of its own"
    await rests("webhooks", None)
    assert (await seen(owner.page)).count(told) == 1
    await rests("loyalty", now - timedelta(minutes=1))
    assert told in await seen(owner.page), "the next try is about to begin"
    await rests("loyalty", now - timedelta(minutes=3))
    assert told not in await seen(owner.page), "there was nothing to try"
    await rests("loyalty", now + timedelta(minutes=5))
    await rests("gone", now + timedelta(minutes=5))
    await owner.post(f"{HERE}/disable")
    assert told not in await seen(owner.page), "what is off does not work at all"


async def test_only_administrators_switch(shop: Shop, owner: Person) -> None:
    bo = shop.cast.people["bo"]
    key = {"Authorization": f"Bearer {bo.key}"}
    assert (await owner.api.get("/plugins", headers=key)).status_code == 200
    assert (await owner.api.post("/plugins/loyalty/enable", json={}, headers=key)).status_code == 403
    assert await shop.state() in {"", "installed"}
