"""A colleague leaves, in a browser in each language: what somebody owned is handed over."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from core.access.models import Member
from core.customers.models import Customer
from core.kernel.i18n import translator
from core.worker import Worker
from tests.core.members.test_hand_over import answers_for, owner_of, stock, webhook_of
from tests.e2e.conftest import PATIENCE_S, Open
from tests.fixtures.people import Person


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_somebody_leaves_and_a_colleague_takes_over(
    ann: Person, bo: Person, mia: Person, working: Worker, visit: Open, locale: str
) -> None:
    t, mine, webhook = translator(locale).gettext, await stock(bo), await webhook_of(ann, bo)
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, ann.member_id)).locale = locale
    ann.runtime.forget_actors(ann.tenant.id)
    window = await visit(ann, locale=locale)
    await window.go(ann.w(f"/settings/members/{bo.member_id}"))
    await window.page.get_by_role("link", name=t("Deactivate")).click()
    await expect(window.page.get_by_text(t("Saved views"))).to_be_visible()
    await expect(window.page.get_by_role("cell", name=t("Webhooks"), exact=True)).to_be_visible()
    await window.page.get_by_label(t("Successor")).select_option(label="Mia")
    await window.page.get_by_role("button", name=t("Deactivate")).click()
    await window.page.wait_for_url("**/settings/hand_overs/**")
    for _ in range(PATIENCE_S * 2):
        await window.page.wait_for_timeout(500)
        if await owner_of(ann, Customer, mine["customer"]) == mia.member_id:
            break
    await window.page.reload(wait_until="load")
    await expect(window.page.get_by_role("cell", name=t("Customers"))).to_be_visible()
    await expect(window.page.get_by_role("cell", name=t("Webhooks"))).to_be_visible()
    assert await answers_for(ann, webhook) == (mia.member_id, "active")
    assert (await bo.page.get(bo.w("/customers"))).status_code in {303, 404}
