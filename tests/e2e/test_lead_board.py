"""Leads on their board: by pointer, by touch, by keyboard; and what is asked of those that leave it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.e2e.conftest import NARROW, Open
from tests.fixtures.people import Person

FIFTY = 50


@pytest.fixture
async def seller(enter: Callable[[str], Awaitable[Person]]) -> Person:
    """The owner of a workspace with three new leads, the youngest on top."""
    person = await enter("ann")
    for name in ("Old", "Middle", "Young"):
        await made(person, name)
    return person


async def made(person: Person, name: str, **more: Any) -> str:
    answer = await person.api.post("/leads", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def status(person: Person, name: str) -> str:
    (lead,) = (await person.api.get("/leads", params={"f": f"name:eq:{name}"})).json()["data"]
    return str(lead["status"])


def column(page: Page, stage: str) -> Locator:
    return page.locator(f".col[data-stage={stage}]")


def card(page: Page, name: str) -> Locator:
    return page.locator(".bcard", has_text=name)


async def names(page: Page, stage: str) -> list[str]:
    return await column(page, stage).locator(".bcard h3").all_inner_texts()


@asynccontextmanager
async def answered(page: Page, code: int = 200) -> AsyncIterator[None]:
    async with page.expect_response(lambda answer: "/move" in answer.url and answer.status == code):
        yield


async def slowly(route: Route) -> None:
    await asyncio.sleep(0.5)
    await route.continue_()


async def drag(page: Page, name: str, stage: str) -> None:
    """Drag a card to the middle of a column or a zone and let it go."""
    start = await card(page, name).bounding_box()
    assert start is not None
    await page.mouse.move(start["x"] + 30, start["y"] + 12)
    await page.mouse.down()
    await page.mouse.move(start["x"] + 60, start["y"] + 30, steps=4)
    aim = await column(page, stage).bounding_box()
    assert aim is not None
    await page.mouse.move(aim["x"] + aim["width"] / 2, aim["y"] + aim["height"] - 20, steps=8)
    await page.mouse.up()


async def test_a_card_lands_in_the_order_of_its_column(seller: Person, visit: Open) -> None:
    window = await visit(seller)
    page = window.page
    await window.go(seller.w("/leads/board"))
    assert await names(page, "new") == ["Young", "Middle", "Old"]
    for name in ("Old", "Young", "Middle"):
        async with answered(page):
            await drag(page, name, "contacted")
    await expect(column(page, "contacted").locator(".count")).to_have_text("3")
    await expect(column(page, "new").locator(".count")).to_have_text("0")
    assert await names(page, "contacted") == ["Young", "Middle", "Old"]
    await page.reload()
    assert await names(page, "contacted") == ["Young", "Middle", "Old"]


async def test_the_keyboard_moves_and_the_message_takes_back(seller: Person, visit: Open) -> None:
    window = await visit(seller)
    page = window.page
    await window.go(seller.w("/leads/board"))
    await card(page, "Middle").locator("a").focus()
    await page.keyboard.press("Alt+ArrowUp")
    assert await names(page, "new") == ["Young", "Middle", "Old"]
    for stage in ("contacted", "qualified"):
        async with answered(page):
            await page.keyboard.press("Alt+ArrowRight")
        await expect(column(page, stage).locator(".count")).to_have_text("1")
    assert await status(seller, "Middle") == "qualified"
    # The message is gone before a slow answer comes.
    await page.route("**/put-back*", slowly)
    said = page.locator(".toast", has_text="Middle is now in Qualified.")
    await said.get_by_role("button", name="Undo").click()
    await expect(column(page, "contacted").locator(".bcard")).to_have_count(1)
    assert await status(seller, "Middle") == "contacted"


async def test_a_card_that_leaves_the_board_is_asked_about(seller: Person, visit: Open) -> None:
    window = await visit(seller)
    page = window.page
    await window.go(seller.w("/leads/board"))
    async with answered(page, 422):
        await drag(page, "Old", "unqualified")
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_contain_text("Why is this lead not qualified?")
    assert await names(page, "new") == ["Young", "Middle", "Old"]
    await dialog.get_by_label("Why not qualified").fill("No budget")
    await dialog.get_by_role("button", name="Mark as not qualified").click()
    await expect(card(page, "Old")).to_have_count(0)
    await expect(column(page, "new").locator(".count")).to_have_text("2")
    assert await status(seller, "Old") == "unqualified"
    async with answered(page, 422):
        await drag(page, "Young", "converted")
    await expect(dialog.locator("input[name=customer_name]")).to_have_value("Young")
    assert await status(seller, "Young") == "new"
    await dialog.locator("button[type=submit].btn-primary").click()
    await page.wait_for_url(f"**{seller.w('/customers/')}*")
    assert await status(seller, "Young") == "converted"


async def test_a_card_that_was_moved_far_down_does_not_come_twice(seller: Person, visit: Open) -> None:
    lines = "\n".join(f'{{"name": "Lead {n}"}}' for n in range(FIFTY + 2))
    assert (await seller.api.post("/leads/bulk", content=lines)).status_code == 200
    ids = [
        row["id"]
        for row in (await seller.api.get("/leads", params={"q": "Lead", "limit": 100})).json()["data"]
    ]
    for one in ids:
        answer = await seller.api.patch(f"/leads/{one}", json={"status": "contacted"})
        assert answer.status_code == 200, answer.text
    window = await visit(seller)
    page = window.page
    await window.go(seller.w("/leads/board"))
    contacted = column(page, "contacted")
    await expect(contacted.locator(".bcard")).to_have_count(FIFTY)
    await card(page, "Old").locator("a").focus()
    async with answered(page):
        await page.keyboard.press("Alt+ArrowRight")
    assert (await names(page, "contacted"))[-1] == "Old"
    await contacted.locator(".col-more").click()
    await expect(contacted.locator(".col-more")).to_have_count(0)
    await expect(contacted.locator(".bcard")).to_have_count(FIFTY + 3)
    assert (await names(page, "contacted"))[-1] == "Old"


async def test_a_finger_that_rests_lifts_a_card(seller: Person, visit: Open) -> None:
    window = await visit(seller, size=NARROW)
    page = window.page
    await window.go(seller.w("/leads/board"))
    touch = await page.context.new_cdp_session(page)
    start = await card(page, "Old").bounding_box()
    assert start is not None
    point = {"x": start["x"] + 40, "y": start["y"] + 12}
    await touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    await expect(page.locator("gx-board.lifting")).to_have_count(1)
    zone = await column(page, "unqualified").bounding_box()
    assert zone is not None
    for part in (0.5, 1.0):
        aim = {
            "x": point["x"] + part * (zone["x"] + zone["width"] / 2 - point["x"]),
            "y": point["y"] + part * (zone["y"] + zone["height"] / 2 - point["y"]),
        }
        await touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [aim]})
    async with answered(page, 422):
        await touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    await expect(page.locator("dialog[open]")).to_contain_text("Why is this lead not qualified?")
