"""A webhook made in the browser: its secret shown once, tried, told of a customer, and its log read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from core.kernel.addresses import networks
from core.kernel.http import Outbound, Policy
from core.worker import Worker
from tests.core.webhooks.receiver import Receiver
from tests.e2e.conftest import NARROW, PATIENCE_S, WIDE, Open, Site, Visit
from tests.e2e.test_accessible import AXE, CONTRAST, RULES, violations
from tests.fixtures.people import Person

LOOKS = ((WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark"))
Words = dict[str, str]
EN = {
    "new": "New webhook",
    "url": "URL",
    "make": "Make the webhook",
    "done": "Done",
    "try": "Send a made-up event",
    "customer": "Blue Harbor",
}
ZH = {
    "new": "新建 Webhook",
    "url": "网址",
    "make": "创建 Webhook",
    "done": "完成",
    "try": "发送示例事件",
    "customer": "蓝港贸易",
}


@pytest.fixture
async def receiver(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    """A receiver that the served application may call."""
    made = Receiver()
    await made.start()
    http = Outbound(
        Policy(
            schemes=frozenset({"http"}),
            ports=frozenset({made.port}),
            allowed_networks=networks(["127.0.0.0/8"]),
        )
    )
    monkeypatch.setattr(site.runtime, "http", http)
    yield made
    await http.close()
    made.stop()


async def check(window: Visit, path: str) -> list[str]:
    """What is wrong with a page, in every size and both schemes."""
    wrong = []
    for size, scheme in LOOKS:
        await window.page.set_viewport_size(size)
        await window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await window.page.evaluate(AXE)
        found = await violations(window, RULES if scheme == "light" else CONTRAST)
        over = await window.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        wrong += [f"{path} {scheme} {size['width']}: {one}" for one in found]
        wrong += [f"{path} {size['width']}: {over} px too wide"] if over > 0 else []
    await window.page.set_viewport_size(WIDE)
    await window.page.emulate_media(color_scheme="light")
    return wrong


async def until(done: Callable[[], Awaitable[Any]]) -> None:
    for _ in range(PATIENCE_S * 20):
        if await done():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came about")


@pytest.fixture(params=["ann", "zed"])
def person(request: pytest.FixtureRequest, ann: Person, zed: Person) -> Person:
    """Somebody whose workspace is in English, and somebody whose is in Chinese."""
    return {"ann": ann, "zed": zed}[request.param]


async def make(window: Visit, person: Person, words: Words, url: str) -> tuple[str, list[str]]:
    """Fill in the form, wrongly at first; gives the secret and what is wrong with the pages."""
    page = window.page
    await window.go(person.w("/settings/webhooks"))
    wrong = await check(window, "empty")
    await page.get_by_role("link", name=words["new"]).first.click()
    await page.wait_for_url("**/new")
    await page.get_by_label(words["url"]).fill("nonsense")
    await page.get_by_role("button", name=words["make"]).click()
    await page.locator("[data-errors]").wait_for()
    wrong += await check(window, "form")
    await page.get_by_label(words["url"]).fill(url)
    await page.get_by_role("button", name=words["make"]).click()
    secret = await page.locator("dl code").first.inner_text()
    assert secret.startswith("whsec_")
    wrong += await check(window, "secret")
    await page.get_by_role("link", name=words["done"]).click()
    assert secret not in await page.content()
    return secret, wrong


async def test_from_the_form_to_a_verified_delivery(
    person: Person, visit: Open, working: Worker, receiver: Receiver
) -> None:
    words = EN if person.name == "ann" else ZH
    window = await visit(person, locale="en" if person.name == "ann" else "zh_CN")
    page = window.page
    secret, wrong = await make(window, person, words, receiver.url())
    await page.locator("select[name=event]").select_option("deal.won")
    await page.get_by_role("button", name=words["try"]).click()
    customer = (await person.api.post("/customers", json={"name": words["customer"]})).json()
    await until(lambda: _is(len(receiver.got) == 2))
    told = {one.json["type"]: one.verified(secret) for one in receiver.got}
    assert told["customer.created"]["data"]["record_id"] == customer["id"]
    assert told["deal.won"]["data"]["label"] == "Annual supply 2027"

    async def logged() -> bool:
        await page.reload()
        return await page.locator("table .badge", has_text="204").count() == 2

    await until(logged)
    wrong += await check(window, "log")
    await page.locator("main table a").first.click()
    await page.wait_for_url("**/deliveries/*")
    assert words["customer"] in await page.locator("pre").last.inner_text()
    wrong += await check(window, "delivery")
    await page.go_back()
    await page.locator("form[action$='/pause'] button").click()
    await page.locator("form[action$='/resume'] button").first.wait_for()
    wrong += await check(window, "paused")
    assert wrong == []


async def _is(found: bool) -> bool:
    return found
