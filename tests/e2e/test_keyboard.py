"""What the keyboard does on every page: palette, shortcuts, help; focus comes back."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.async_api import expect

from core.ext.registry import load
from core.ext.specs import Nav
from tests.contract.world import World
from tests.e2e.conftest import Open


async def test_the_palette_opens_finds_and_gives_the_focus_back(world: World, visit: Open) -> None:
    owner = world.ours.owner
    window = await visit(owner)
    page = window.page
    await window.go(owner.w("/customers"))
    await page.locator("nav a").first.focus()
    before = await page.evaluate("document.activeElement.outerHTML")
    await page.keyboard.press("Control+k")
    await expect(page.locator("#gx-pal-q")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#gx-palette")).to_be_hidden()
    assert await page.evaluate("document.activeElement.outerHTML") == before
    await page.keyboard.press("Control+k")
    await page.keyboard.type("样本")
    items = page.locator("#gx-pal-list .pal-item")
    await expect(items.nth(1)).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: not url.endswith("/customers"))


async def test_two_letters_go_to_each_page_of_the_menu(world: World, visit: Open) -> None:
    owner = world.ours.owner
    window = await visit(owner)
    page = window.page
    await window.go(owner.w("/customers"))
    reached = 0
    for nav in load().items(Nav):
        letters = nav.shortcut.lower().split()
        if len(letters) != 2 or letters[0] != "g":
            continue
        for letter in letters:
            await page.keyboard.press(letter)
        await page.wait_for_url(leads_to(owner.w(nav.url)))
        reached += 1
    assert reached >= 3


def leads_to(path: str) -> Callable[[str], bool]:
    return lambda url: urlsplit(url).path.rstrip("/") == path.rstrip("/")


async def test_c_creates_and_a_question_mark_helps(world: World, visit: Open) -> None:
    owner = world.ours.owner
    window = await visit(owner)
    page = window.page
    await window.go(owner.w("/customers"))
    await page.keyboard.press("?")
    await expect(page.locator("dialog[open]")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await expect(page.locator("input[name=name]")).to_be_visible()


async def test_back_and_forward_keep_a_filtered_list(world: World, visit: Open) -> None:
    owner = world.ours.owner
    window = await visit(owner)
    page = window.page
    await window.go(owner.w("/customers?sort=name"))
    await page.locator("table a[href*='/customers/']").first.click()
    await page.wait_for_url("**/customers/*")
    await page.go_back()
    await expect(page).to_have_url(f"{window.site.url}{owner.w('/customers?sort=name')}")
    await expect(page.locator("table tbody tr").first).to_be_visible()
    await page.reload()
    await expect(page.locator("table tbody tr").first).to_be_visible()
