"""The daily job, done in a browser in each language, with the program's part done through the API."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from core.access.models import Member
from core.kernel.i18n import translator
from core.worker import Worker
from tenants.signup.schema import WorkspaceIn
from tenants.signup.service import create_workspace
from tests.e2e.conftest import PATIENCE_S, Open, Site, Visit
from tests.fixtures.import_files import BAD_OF_ACCEPTANCE, acceptance
from tests.fixtures.people import PASSWORD, Person, hire

OWNER = "陈晓燕"
Words = Callable[..., str]


async def workspace(site: Site, locale: str) -> Person:
    """A new workspace with one person in it."""
    slug = f"daily-{locale.lower().replace('_', '-')}"
    wanted = WorkspaceIn(slug=slug, name="恒通贸易", locale=locale, currency="CNY", timezone="Asia/Shanghai")
    person = await hire(site.runtime, await create_workspace(site.runtime, wanted), "chen", "owner")
    async with site.runtime.open(person.tenant) as ctx:
        (await ctx.session.get_one(Member, person.member_id)).name = OWNER
    return person


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_the_daily_job(site: Site, working: Worker, visit: Open, locale: str) -> None:
    person, t = await workspace(site, locale), translator(locale).gettext
    window = await visit(locale=locale)
    headers = {"Authorization": f"Bearer {person.key}"}
    async with httpx.AsyncClient(base_url=f"{site.url}/api/v1", headers=headers, timeout=PATIENCE_S) as api:
        await log_in(window, person, t)
        await import_customers(window, person, t)
        await find(window, person)
        await log_follow_up(window, t)
        lead = await api.post(
            "/leads", json={"name": "张伟", "company": "华光电子有限公司", "mobile": "13912345678"}
        )
        assert lead.status_code == 201, lead.text
        await convert(window, person, t, lead.json()["id"])
        await move(window, person, t)
        await check(api, lead.json()["id"])


async def log_in(window: Visit, person: Person, t: Words) -> None:
    page = window.page
    await window.go(f"/login?next={person.w('/')}")
    await page.fill("input[name=email]", f"chen@{person.tenant.slug}.test")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("form[action='/login'] button[type=submit]")
    await page.wait_for_url(f"**{person.w('/')}")


async def import_customers(window: Visit, person: Person, t: Words) -> None:
    """Import 1,000 rows of which 37 are bad; the error file holds exactly these."""
    page = window.page
    content, bad = acceptance(owner=OWNER)
    await window.go(person.w("/imports/new?type=customer"))
    file = {"name": "客户.csv", "mimeType": "text/csv", "buffer": content}
    await page.set_input_files("input[type=file]", file)  # type: ignore[arg-type]
    await page.click("main form .wizard-foot button[type=submit], main form button.btn-primary[type=submit]")
    await page.get_by_role("button", name=t("Import at once")).click()
    link = page.get_by_role("link", name=t("Error file"))
    await expect(link).to_be_visible()
    async with page.expect_download() as started:
        await link.click()
    saved = Path(await (await started.value).path())
    rows = list(csv.reader(saved.read_text("utf-8-sig").splitlines()))  # noqa: ASYNC240 (a small file)
    assert len(bad) == BAD_OF_ACCEPTANCE
    assert [int(row[-3]) for row in rows[1:]] == [one.row_no for one in bad]


async def find(window: Visit, person: Person) -> None:
    """Find 张伟 by his name, by pinyin and by initials, in the palette."""
    page = window.page
    for text in ("张伟", "zhangwei", "zw"):
        await page.keyboard.press("Control+k")
        await page.fill("#gx-pal-q", text)
        await expect(page.locator("#gx-pal-list .pal-item", has_text="张伟").first).to_be_visible()
        if text == "zw":
            await page.locator("#gx-pal-list .pal-item", has_text="张伟").first.click()
            await page.wait_for_url(f"**{person.w('/customers/')}*")
        else:
            await page.keyboard.press("Escape")


async def log_follow_up(window: Visit, t: Words) -> None:
    page = window.page
    composer = page.locator("form[data-composer]").first
    await composer.locator("textarea[name=text]").fill("电话里谈了报价，下周回访")
    await composer.get_by_role("button", name=t("Log"), exact=True).click()
    await expect(page.locator(".tl-item", has_text="电话里谈了报价").first).to_be_visible()


async def convert(window: Visit, person: Person, t: Words, lead_id: str) -> None:
    page = window.page
    await window.go(person.w(f"/leads/{lead_id}"))
    await page.get_by_role("link", name=t("Convert")).click()
    dialog = page.locator("dialog[open]").last
    await expect(dialog).to_be_visible()
    name = dialog.locator("input[name='deal.name'], input[name=deal_name]")
    if await name.count():
        await name.first.fill("华光电子 首单")
    await dialog.locator("button[type=submit].btn-primary").click()
    await page.wait_for_url(lambda url: "/convert" not in url and f"/leads/{lead_id}" not in url)


async def move(window: Visit, person: Person, t: Words) -> None:
    """Drag the deal one column on, then one further by the keyboard."""
    page = window.page
    await window.go(person.w("/pipeline"))
    card = page.locator(".bcard").first
    start, aim = await card.bounding_box(), await page.locator(".col .col-cards").nth(1).bounding_box()
    assert start is not None
    assert aim is not None
    await page.mouse.move(start["x"] + 30, start["y"] + 12)
    await page.mouse.down()
    await page.mouse.move(start["x"] + 60, start["y"] + 30, steps=4)
    async with page.expect_response(lambda answer: "/move" in answer.url and answer.status == 200):
        await page.mouse.move(aim["x"] + aim["width"] / 2, aim["y"] + 40, steps=8)
        await page.mouse.up()
    await expect(page.locator(".col").nth(1).locator(".bcard")).to_have_count(1)
    await by_keyboard(page)


async def by_keyboard(page: Page) -> None:
    await page.locator(".col").nth(1).locator(".bcard a").first.focus()
    async with page.expect_response(lambda answer: "/move" in answer.url and answer.status == 200):
        await page.keyboard.press("Alt+ArrowRight")
    await expect(page.locator(".col").nth(2).locator(".bcard")).to_have_count(1)


async def check(api: httpx.AsyncClient, lead_id: str) -> None:
    """See all of it in the feed and through the API."""
    deals = (await api.get("/deals")).json()["data"]
    assert len(deals) == 1
    assert deals[0]["lead_id"] == lead_id
    assert (await api.get(f"/leads/{lead_id}")).json()["status"] == "converted"
    names: set[str] = set()
    after = ""
    while True:
        answer = (
            await api.get("/changes", params={"limit": 200, **({"after": after} if after else {})})
        ).json()
        names |= {str(event.get("name") or event.get("type")) for event in answer["data"]}
        if not answer["data"] or answer.get("next") in {None, after}:
            break
        after = str(answer["next"])
    assert {"customer.created", "lead.converted", "deal.created"} <= names, names
    assert any(name.startswith("activity.") for name in names)
    assert any("stage" in name or "moved" in name for name in names), names
