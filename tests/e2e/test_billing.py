"""A plan in a browser, in each language: bought, changed, not paid, read only, paid again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from core.kernel.i18n import translator
from core.worker import Worker
from tenants.billing import jobs
from tenants.billing.schema import Nothing
from tenants.billing.simulator import clock, hosted, invoices
from tenants.billing.simulator.app import create_app
from tenants.billing.simulator.courier import Courier
from tenants.billing.simulator.world import World
from tenants.signup.schema import WorkspaceIn
from tenants.signup.service import create_workspace
from tests.e2e.conftest import PATIENCE_S, Open, Site, Visit
from tests.fixtures.payments import SECRET, paying_at
from tests.fixtures.people import Person, hire

ADDRESS = "http://pay.test"
DAY = 86_400
READ_ONLY = (
    "A payment is overdue, so this workspace can only be read. "
    "Nothing is deleted, and everything can be exported."
)
Words = Callable[..., str]


class Clock:
    """The real time, moved on by as much as a test says."""

    ahead = timedelta()

    def __init__(self, real: Any) -> None:
        self.real = real

    def now(self) -> datetime:
        return self.real.now() + self.ahead  # type: ignore[no-any-return]


@dataclass
class Till:
    """The payment service, whose time began three weeks before ours, and its messages."""

    site: Site
    world: World
    courier: Courier
    clock: Clock

    async def carry(self) -> None:
        while self.world.outbox:
            await self.courier.pump()


@pytest.fixture
async def till(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    """A payment service in this process; the browser never gets to its pages."""
    moved = Clock(site.runtime.clock)
    monkeypatch.setattr(site.runtime, "clock", moved)
    start = moved.now().timestamp() - 21 * DAY
    world = World(clock=lambda: start)
    world.address = ADDRESS
    transport = httpx.ASGITransport(app=create_app(world))
    with paying_at(site.runtime, ADDRESS, monkeypatch, transport):
        async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE_S) as client:

            async def send(body: str, signature: str) -> int:
                answer = await client.post(
                    "/billing/stripe", content=body, headers={"Stripe-Signature": signature}
                )
                return answer.status_code

            yield Till(site, world, Courier(world, send, SECRET, seed=3), moved)


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_a_plan_from_trial_to_recovery(
    site: Site, working: Worker, till: Till, visit: Open, locale: str
) -> None:
    slug = f"paying-{locale.lower().replace('_', '-')}"
    wanted = WorkspaceIn(slug=slug, name="恒通贸易", locale=locale, currency="CNY", timezone="Asia/Shanghai")
    person = await hire(site.runtime, await create_workspace(site.runtime, wanted), "chen", "owner")
    t = translator(locale).gettext
    window = await visit(person, locale=locale)
    await buy(window, person, till, t)
    await change(window, person, t)
    await fall_behind(window, person, till, t)
    await recover(window, person, till, t)


async def see(window: Visit, person: Person, text: str) -> None:
    """Open the page until it says so: messages take their way through jobs."""
    for _ in range(PATIENCE_S * 4):
        await window.go(person.w("/settings/billing"))
        if await window.page.get_by_text(text).count():
            break
        await window.page.wait_for_timeout(250)
    await expect(window.page.get_by_text(text).first).to_be_visible()


async def buy(window: Visit, person: Person, till: Till, t: Words) -> None:
    await window.go(person.w("/settings/billing"))
    await window.page.click("a[href*='plan=team&interval=month']")
    async with window.page.expect_event("requestfailed", lambda request: request.url.startswith(ADDRESS)):
        await window.page.get_by_role("button", name=t("Begin the trial")).click()
    (session,) = [
        each for each in till.world.all("checkout.session") if each["customer"] in _mine(till, person)
    ]
    hosted.pay(till.world, session["id"], invoices.GOOD)
    await till.carry()
    await see(window, person, t("Trial until"))
    # The page of the payment service is another house, where this browser is not let in.
    left = [fault for fault in window.faults if not fault.startswith(f"request to {ADDRESS}/pay/")]
    assert left != window.faults
    window.faults[:] = left


def _mine(till: Till, person: Person) -> list[str]:
    found = till.world.objects["customer"].values()
    return [each["id"] for each in found if each["metadata"]["tenant"] == str(person.tenant.id)]


async def change(window: Visit, person: Person, t: Words) -> None:
    for plan, title in (("business", "Business plan"), ("team", "Team plan")):
        await window.go(person.w(f"/settings/billing/plan?plan={plan}&interval=month"))
        await window.page.get_by_role("button", name=t("Change to this plan")).click()
        await window.page.wait_for_url("**/settings/billing")
        card = window.page.locator(".card").first
        await expect(card.get_by_text(t(title))).to_be_visible()


async def fall_behind(window: Visit, person: Person, till: Till, t: Words) -> None:
    (customer,) = _mine(till, person)
    till.world.cards[customer] = invoices.DECLINED
    clock.advance(till.world, till.world.now() + 15 * DAY)
    await till.carry()
    await see(window, person, t("Payment failed"))
    await expect(window.page.get_by_role("button", name=t("Pay now")).first).to_be_visible()
    assert (await create(window, person)) < 400
    till.clock.ahead = timedelta(days=9)
    await jobs.watch(till.site.runtime, Nothing())
    till.site.runtime.directory.forget()
    assert (await create(window, person)) == 402


async def create(window: Visit, person: Person) -> int:
    """Try to write; gives the status."""
    headers = {"Authorization": f"Bearer {person.key}"}
    async with httpx.AsyncClient(base_url=window.site.url, headers=headers, timeout=PATIENCE_S) as api:
        for _ in range(30):
            answer = await api.post("/api/v1/customers", json={"name": "华光"})
            if answer.status_code != 201:
                break
            if not window.site.runtime.clock.ahead:  # type: ignore[attr-defined]
                break
    return answer.status_code


async def recover(window: Visit, person: Person, till: Till, t: Words) -> None:
    await window.go(person.w("/customers"))
    await expect(window.page.get_by_text(t(READ_ONLY))).to_be_visible()
    (customer,) = _mine(till, person)
    till.world.cards[customer] = invoices.GOOD
    await window.go(person.w("/settings/billing"))
    await window.page.get_by_role("button", name=t("Pay now")).first.click()
    await expect(window.page.get_by_text(t("The invoice is paid. Thank you."))).to_be_visible()
    await window.go(person.w("/settings/billing"))
    await expect(window.page.get_by_text(t("In force"))).to_be_visible()
