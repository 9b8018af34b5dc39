"""The life of a subscription in a browser: up, down, a card that fails, grace, reading only, recovery."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import expect
from sqlalchemy import update

from core.kernel.i18n import translator
from tenants.billing.jobs import Nothing, watch
from tenants.billing.models import BillingAccount
from tenants.billing.simulator import clock, invoices
from tests.e2e.conftest import Open, Site, Visit
from tests.e2e.payments import Till, played
from tests.fixtures.people import Person

DAY_S = 86_400


@pytest.fixture
async def till(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    async with played(site, monkeypatch) as made:
        yield made


def bought(till: Till) -> str:
    """The price of the one subscription."""
    (subscription,) = till.world.all("subscription")
    (item,) = subscription["items"]["data"]
    return str(item["price"]["lookup_key"]).split("_")[1]


async def choose(window: Visit, person: Person, plan: str) -> None:
    """Take a plan, on the page that says what it costs."""
    await window.go(person.w(f"/settings/billing/plan?plan={plan}&interval=month"))
    await window.page.locator("main form .btn-primary[type=submit]").click()


async def shown(window: Visit, person: Person, words: str) -> None:
    """Look at the page of the plan until it says so: messages are on their way."""
    for _ in range(60):
        await window.go(person.w("/settings/billing"))
        if await window.page.locator("main").get_by_text(words, exact=False).count():
            return
        await window.page.wait_for_timeout(250)
    raise AssertionError(f"the page never said {words}")


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("working")
@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_the_life_of_a_subscription(
    site: Site, visit: Open, till: Till, ann: Person, zed: Person, locale: str
) -> None:
    person = {"en": ann, "zh_CN": zed}[locale]
    t = translator(locale).gettext
    window = await visit(person, locale=locale)
    await window.page.context.unroute_all()
    await choose(window, person, "team")
    await window.page.locator("form button.main").click()
    await shown(window, person, t("Trial"))
    assert bought(till) == "team"
    await choose(window, person, "business")
    await expect(window.page.get_by_text(t("Your plan is changed.")).first).to_be_visible()
    assert bought(till) == "business"
    await choose(window, person, "team")
    await expect(window.page.get_by_text(t("Your plan is changed.")).first).to_be_visible()
    assert bought(till) == "team"
    await fail(window, person, till, t("Payment failed"))
    assert (await person.api.post("/customers", json={"name": "In grace"})).status_code == 201
    await end_grace(site)
    await only_read(window, person, t("so this workspace can only be read"), locale)
    await recover(window, person, till, t("In force"))


async def fail(window: Visit, person: Person, till: Till, words: str) -> None:
    """The card is refused when the trial is over."""
    (customer,) = till.world.objects["customer"]
    till.world.cards[customer] = invoices.DECLINED
    clock.advance(till.world, int(till.world.now()) + 15 * DAY_S)
    await shown(window, person, words)


async def end_grace(site: Site) -> None:
    """Let the days of grace pass."""
    async with site.runtime.control() as control:
        over = control.now() - timedelta(seconds=1)
        grace = BillingAccount.grace_until.is_not(None)
        await control.session.execute(update(BillingAccount).where(grace).values(grace_until=over))
    await watch(site.runtime, Nothing())
    site.runtime.directory.forget()


async def only_read(window: Visit, person: Person, words: str, locale: str) -> None:
    """Nothing can be written, everything can be read, and every page says why."""
    person.runtime.directory.forget()
    for _ in range(40):
        refused = await person.api.post("/customers", json={"name": "Too late"})
        if refused.status_code == 402:
            break
        await window.page.wait_for_timeout(250)
    assert refused.status_code == 402, refused.text
    assert refused.json()["code"] == "workspace.readonly"
    assert (await person.api.get("/customers")).status_code == 200
    await window.go(person.w("/customers"))
    banner = window.page.locator(f"a[href='{person.w('/settings/billing')}']").first
    await expect(banner).to_be_visible()


async def recover(window: Visit, person: Person, till: Till, words: str) -> None:
    """A good card on the payment service's page pays what is open."""
    await window.go(person.w("/settings/billing"))
    await window.page.locator("form[action$='/portal'] button").first.click()
    await window.page.wait_for_url(f"{till.url}/**")
    await window.page.locator("button[name=card][value=good]").click()
    pay = window.page.locator("button[name=act][value=pay]")
    if await pay.count():
        await pay.first.click()
    await shown(window, person, words)
    person.runtime.directory.forget()
    for _ in range(40):
        answer = await person.api.post("/customers", json={"name": "Back again"})
        if answer.status_code == 201:
            return
        await window.page.wait_for_timeout(250)
    raise AssertionError(answer.text)
