"""From a stranger at the door to a lead on the board and a line on the bill, in a browser in each language."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from core.kernel.i18n import translator
from core.tenancy.control_log import ControlOutbox
from core.worker import Worker
from tenants.billing.models import BillingItem
from tests.core.webhooks.receiver import Receiver
from tests.e2e.conftest import PATIENCE_S, Open, Site, Visit
from tests.e2e.payments import Till, played
from tests.e2e.test_webhooks import receiver

__all__ = ["receiver"]
FORMS = "marketing.forms"
INSIDE_S = 30
COMPANY = {"en": "Harbor Trading", "zh_CN": "海港外贸"}
CURRENCY = {"en": "usd", "zh_CN": "cny"}
SEAT = {"en": 1_200, "zh_CN": 6_800}
VISITOR = {"en": "Grace Hopper", "zh_CN": "张伟"}


@dataclass
class Story:
    """What the steps need: the founder's window, the words of the language, and what came before."""

    window: Visit
    t: Callable[..., str]
    locale: str
    slug: str = ""
    key: str = ""
    secret: str = ""

    @property
    def page(self) -> Page:
        return self.window.page

    def w(self, path: str) -> str:
        return f"/w/{self.slug}{path}"

    async def press(self, words: str) -> None:
        await self.page.locator("main").get_by_role("button", name=self.t(words), exact=True).first.click()


@pytest.fixture
async def till(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    async with played(site, monkeypatch) as made:
        yield made


@pytest.mark.long
@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_from_the_door_to_a_lead_and_a_bill(
    site: Site, working: Worker, visit: Open, receiver: Receiver, till: Till, locale: str
) -> None:
    story = Story(await visit(locale=locale), translator(locale).gettext, locale)
    await sign_up(story)
    await invite(story)
    await make_key(story)
    await make_webhook(story, receiver)
    await switch_on(story)
    address = await publish(story)
    stranger = await visit(locale=locale)
    await fill_in(stranger, address, locale)
    lead = await find_lead(story, site)
    await told_once(story, receiver, lead)
    await pay(story, till, site)


async def sign_up(story: Story) -> None:
    page, began = story.page, time.monotonic()
    await story.window.go("/signup")
    await page.fill("input[name=name]", "Ann")
    await page.fill("input[name=email]", f"ann@{story.locale[:2]}.example.com")
    await page.fill("input[name=password]", "correct horse battery staple")
    await page.fill("input[name=workspace]", COMPANY[story.locale])
    await page.locator("form[action='/signup'] button[type=submit]").last.click()
    await page.wait_for_url("**/welcome")
    assert time.monotonic() - began < INSIDE_S
    story.slug = page.url.split("/w/")[1].split("/")[0]
    await story.press("Begin")
    await page.wait_for_url(f"**{story.w('/')}")


async def invite(story: Story) -> None:
    await story.window.go(story.w("/settings/invitations"))
    await story.page.fill("textarea[name=email]", "bo@example.com")
    await story.press("Invite")
    await expect(story.page.locator("table", has_text="bo@example.com")).to_be_visible()


async def make_key(story: Story) -> None:
    page = story.page
    await story.window.go(story.w("/settings/keys/new"))
    await page.fill("input[name=name]", "Website")
    await page.locator("input[name='scope.leads'][value=read]").check()
    await story.press("Make the key")
    story.key = (await page.locator("main code", has_text="gx_live_").first.inner_text()).strip()
    assert len(story.key) > 40


async def make_webhook(story: Story, receiver: Receiver) -> None:
    page = story.page
    await story.window.go(story.w("/settings/webhooks/new"))
    await page.get_by_label(story.t("URL")).fill(receiver.url())
    await page.locator("input[name=events][value='*']").uncheck()
    await page.locator("input[name=events][value='lead.created']").check()
    await story.press("Make the webhook")
    story.secret = await page.locator("dl code").first.inner_text()


async def switch_on(story: Story) -> None:
    page = story.page
    await story.window.go(story.w("/marketplace"))
    await page.locator(f"main a[href$='/marketplace/{FORMS}']").first.click()
    await page.wait_for_url(f"**/marketplace/{FORMS}")
    await story.press("Switch on")
    await expect(page.locator("form[action$='/disable'] button")).to_be_visible()
    for _ in range(PATIENCE_S * 4):
        await page.reload()
        if await page.locator("aside a[href$='/marketing/forms'], nav a[href*='/marketing/forms']").count():
            return
        await page.wait_for_timeout(250)
    raise AssertionError("the module never appeared in the menu")


async def publish(story: Story) -> str:
    page = story.page
    await story.window.go(story.w("/marketing/forms/forms/new"))
    await page.fill("main input[name=name]", COMPANY[story.locale])
    await page.locator("main form button[type=submit].btn-primary").last.click()
    await page.locator("button[name=action][value=publish]").click()
    await expect(page.get_by_text(story.t("The form is published."))).to_be_visible()
    address = await page.locator("main [data-copy*='/p/'], main a[href*='/p/']").first.evaluate(
        "one => one.dataset.copy || one.href"
    )
    return f"/p/{address.split('/p/')[1]}"


async def fill_in(stranger: Visit, address: str, locale: str) -> None:
    page = stranger.page
    await stranger.go(address)
    await page.locator("form.gxf input:not([type=hidden]):not([name=homepage])").first.fill(VISITOR[locale])
    mail = page.locator("form.gxf input[type=email]")
    if await mail.count():
        await mail.first.fill("visitor@example.com")
    for text in await page.locator("form.gxf textarea").all():
        await text.fill("400 sets, please")
    for box in await page.locator("form.gxf input[type=checkbox]").all():
        await box.check()
    # Nobody fills in a form in no time; who does is taken for a machine.
    await page.wait_for_timeout(3_500)
    await page.locator("form.gxf button[data-send]").click()
    await expect(page.locator("form.gxf")).to_have_count(0)


async def find_lead(story: Story, site: Site) -> str:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {story.key}"}, timeout=PATIENCE_S) as api:
        for _ in range(PATIENCE_S * 4):
            found = (await api.get(f"{site.url}/api/v1/leads")).json()["data"]
            if found:
                break
            await story.page.wait_for_timeout(250)
    (lead,) = found
    assert lead["name"] == VISITOR[story.locale]
    page = story.page
    await story.window.go(story.w("/leads"))
    await page.get_by_role("link", name=story.t("Board"), exact=True).click()
    await page.wait_for_url(f"**{story.w('/leads/board')}")
    new = page.get_by_role("region", name=story.t("New"), exact=True)
    await expect(new.get_by_role("link", name=VISITOR[story.locale], exact=True)).to_be_visible()
    return str(lead["id"])


async def told_once(story: Story, receiver: Receiver, lead: str) -> None:
    for _ in range(PATIENCE_S * 4):
        if receiver.got:
            break
        await story.page.wait_for_timeout(250)
    await story.page.wait_for_timeout(1_000)
    (only,) = receiver.got
    assert only.verified(story.secret)["data"]["record_id"] == lead


async def pay(story: Story, till: Till, site: Site) -> None:
    page = story.page
    await page.context.unroute_all()
    await story.window.go(story.w("/settings/billing/plan?plan=team&interval=month"))
    await page.locator("form[action$='/checkout'] button[type=submit]").click()
    await page.wait_for_url(f"{till.url}/**")
    await page.locator("form button.main").click()
    await page.wait_for_url(f"**{story.w('/settings/billing')}**")
    await expect(page.locator("form[action$='/cancel']")).to_be_visible()
    await expect(page.get_by_text(story.t("Web forms")).first).to_be_visible()
    team = f"guanxi_team_month_{CURRENCY[story.locale]}_{SEAT[story.locale]}"
    assert on_the_bill(till) == {team: 1}
    await end_the_trial(site)
    for _ in range(PATIENCE_S * 4):
        if len(on_the_bill(till)) == 2:
            break
        await page.wait_for_timeout(250)
    (module,) = on_the_bill(till).keys() - {team}
    assert module.startswith(f"guanxi_plugin_{FORMS}_month_{CURRENCY[story.locale]}")
    assert set(on_the_bill(till).values()) == {1}


def on_the_bill(till: Till) -> dict[str, int]:
    """What the one subscription is made of."""
    (subscription,) = till.world.all("subscription")
    return {item["price"]["lookup_key"]: item["quantity"] for item in subscription["items"]["data"]}


async def end_the_trial(site: Site) -> None:
    """Let the days pass in which the module costs nothing."""
    async with site.runtime.control() as control:
        over = {"trial_until": control.now()}
        await control.session.execute(update(BillingItem).where(BillingItem.plugin == FORMS).values(over))
        await control.session.execute(update(ControlOutbox).values(run_at=control.now()))
