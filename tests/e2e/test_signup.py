"""A stranger signs up in a browser, in each language, and confirms the address later; without JavaScript too."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import Browser, Page, expect

from core.kernel.i18n import translator
from core.worker import Worker
from tests.e2e.conftest import NARROW, PATIENCE_S, Open, Site, Visit
from tests.e2e.test_accessible import AXE, CONTRAST, RULES, violations
from tests.tenants.accounts.mails import links

pytestmark = pytest.mark.usefixtures("unlimited")
PASSWORD = "a long enough password"
FIRMS = {
    "en": ("Clara Weiss", "Brightline Software", "brightline-software"),
    "zh_CN": ("陈晓燕", "恒通贸易有限公司", "hengtongmaoyi"),
}


async def fill(page: Page, name: str, email: str, password: str) -> None:
    for field, value in {"name": name, "email": email, "password": password}.items():
        await page.fill(f"input[name={field}]", value)


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_a_stranger_is_inside_within_thirty_seconds(
    site: Site, working: Worker, visit: Open, locale: str
) -> None:
    t = translator(locale).gettext
    name, firm, slug = FIRMS[locale]
    email = f"{slug}@signup.test"
    window = await visit(locale=locale)
    page = window.page
    began = time.monotonic()
    await window.go("/signup")
    await fill(page, name, email, "short")
    await page.locator("input[name=workspace]").press_sequentially(firm)
    await expect(page.locator("input[name=slug]")).to_have_value(slug)
    await page.get_by_role("button", name=t("Make the workspace")).click()
    await expect(page.locator("[data-errors]")).to_be_visible()
    await page.fill("input[name=password]", PASSWORD)
    await page.get_by_role("button", name=t("Make the workspace")).click()
    await expect(page.locator("h1")).to_have_text(t("Welcome, {name}", name=name))
    assert time.monotonic() - began < 30
    await expect(page.locator(".banner")).to_contain_text(email)
    await page.check("input[value=trading]")
    await page.check("input[value=deals]")
    await page.get_by_role("button", name=t("Begin"), exact=True).click()
    await page.wait_for_url(f"**/w/{slug}/deals")
    await confirm(site, window, email, t("Confirm"))
    await expect(page.locator(".banner")).to_have_count(0)


async def confirm(site: Site, window: Visit, email: str, button: str) -> None:
    """Follow the link in the mail."""
    await window.go(await mailed(site, window, email))
    await window.page.get_by_role("button", name=button, exact=True).click()
    await window.page.wait_for_url("**/w/**")


async def mailed(site: Site, window: Visit, email: str) -> str:
    """The link in the mail to an address, once the worker has sent it."""
    until = time.monotonic() + PATIENCE_S
    while not (found := links(site.runtime, email)):
        assert time.monotonic() < until, "no mail came"
        await window.page.wait_for_timeout(100)
    return found[0]


async def test_it_works_without_javascript(site: Site, browser: Browser, fresh: None) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport=NARROW)
    page = await context.new_page()
    await page.goto(f"{site.url}/signup")
    await fill(page, "Eve", "eve@signup.test", PASSWORD)
    await page.fill("input[name=workspace]", "Plain Paper")
    await page.locator("main form .btn-primary").click()
    await page.wait_for_url("**/w/plain-paper/welcome")
    await page.check("input[value=customers]")
    await page.locator("main .form-foot .btn-primary").click()
    await page.wait_for_url("**/w/plain-paper/imports/new")
    await context.close()


async def test_axe_finds_nothing_at_the_door(site: Site, working: Worker, visit: Open) -> None:
    window = await visit(size=NARROW)
    wrong = await checked(window, ["/login", "/forgot", "/forgot?sent=1", "/signup"])
    await window.go("/signup")
    await fill(window.page, "Ada", "ada@signup.test", PASSWORD)
    await window.page.fill("input[name=workspace]", "Open Door")
    await window.page.locator("main form .btn-primary").click()
    await window.page.wait_for_url("**/welcome")
    link = await mailed(site, window, "ada@signup.test")
    slug = window.page.url.split("/")[4]
    wrong += await checked(
        window, [f"/w/{slug}/welcome", f"/w/{slug}/", "/email", "/email?sent=1", "/signup", link]
    )
    await window.context.clear_cookies()
    wrong += await checked(window, [link])
    assert not wrong, "\n".join(wrong)


async def checked(window: Visit, paths: list[str]) -> list[str]:
    """What axe finds on these pages, light and dark."""
    wrong = []
    for path in paths:
        await window.go(path)
        await window.page.evaluate(AXE)
        for scheme, options in (("light", RULES), ("dark", CONTRAST)):
            await window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            wrong += [f"{path} {scheme}: {fault}" for fault in await violations(window, options)]
        over = await window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wrong.append(f"{path}: {over} px wider than the window")
    return wrong
