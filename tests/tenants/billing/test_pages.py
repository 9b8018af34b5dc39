"""The page of plan and usage, the same by API, and what they say when something is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenants.billing import service, service_accounts, service_offline
from tenants.billing.queries import Count, full_on
from tenants.billing.schema import TransferIn
from tenants.billing.simulator import hosted, invoices
from tests.fixtures.people import Person
from tests.tenants.billing.conftest import ADDRESS, Bank

PAGE = "/settings/billing"


async def text(bank: Bank, path: str = PAGE) -> str:
    answer = await bank.ann.page.get(bank.ann.w(path))
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_page_leads_to_payment_and_back(bank: Bank) -> None:
    page = await text(bank)
    assert "Test payments" in page
    assert "Business plan" in page
    choice = await text(bank, f"{PAGE}/plan?plan=team&interval=month")
    assert "$48.00" in choice
    assert "Begin the trial" in choice
    sent = await bank.ann.post(f"{PAGE}/checkout", {"plan": "team", "interval": "month", "_key": "k1"})
    assert sent.status_code == 200
    url = sent.headers["refresh"].removeprefix("0; url=")
    assert url.startswith(f"{ADDRESS}/pay/")
    again = await bank.ann.post(f"{PAGE}/checkout", {"plan": "team", "interval": "month", "_key": "k1"})
    assert again.headers["refresh"] == sent.headers["refresh"]

    hosted.pay(bank.world, url.rpartition("/")[2], invoices.GOOD)
    waiting = await bank.ann.page.get(bank.ann.w(f"{PAGE}/paid"))
    assert "being confirmed" in waiting.text
    assert waiting.headers["refresh"] == "3"
    await bank.settle()
    there = await bank.ann.page.get(bank.ann.w(f"{PAGE}/paid"))
    assert "refresh" not in there.headers
    assert "4 seats" in there.text
    assert "Trial until" in there.text


async def test_buttons_change_cancel_resume_pay_and_lead_to_the_portal(bank: Bank) -> None:
    await bank.subscribe()
    assert "Due today" in await text(bank, f"{PAGE}/plan?plan=business")
    done = await bank.ann.post(f"{PAGE}/plan", {"plan": "business", "interval": "month"})
    assert done.status_code == 303
    assert "Business plan" in await text(bank)
    await bank.ann.post(f"{PAGE}/cancel")
    assert "Ends on" in await text(bank)
    await bank.ann.post(f"{PAGE}/resume")
    assert "Ends on" not in await text(bank)
    portal = await bank.ann.post(f"{PAGE}/portal", headers={"HX-Request": "true"})
    assert portal.headers["hx-redirect"].startswith(f"{ADDRESS}/portal/")
    refused = await bank.ann.post(f"{PAGE}/code", {"code": "NONE"})
    assert "no such code" in refused.headers["hx-trigger"]
    bank.card(invoices.DECLINED)
    await bank.pass_days(32)
    page = await text(bank)
    assert "Pay now" in page
    assert "The last payment failed" in page
    bill = bank.world.all("invoice", status="open")[0]["id"]
    failed = await bank.ann.post(f"{PAGE}/invoices/{bill}/pay")
    assert "declined" in failed.headers["hx-trigger"]
    bank.card(invoices.GOOD)
    paid = await bank.ann.post(f"{PAGE}/invoices/{bill}/pay")
    assert "is paid" in paid.headers["hx-trigger"]
    assert (await bank.ann.post(f"{PAGE}/invoices/in_none/pay")).status_code == 404


async def test_a_plan_that_is_not_sold_is_no_choice(bank: Bank) -> None:
    for question in ("plan=free", "plan=team&interval=week"):
        assert (await bank.ann.page.get(bank.ann.w(f"{PAGE}/plan?{question}"))).status_code == 400
    assert (await bank.ann.post(f"{PAGE}/checkout", {"plan": "free"})).status_code == 422


async def test_a_year_that_is_too_small_says_so(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    async def many(*_: Any) -> int:
        return 30

    monkeypatch.setattr("tenants.billing.payments.seats", many)
    assert "includes 20 members" in await text(bank, f"{PAGE}/plan?plan=team&interval=year")


async def test_only_who_may_pay_sees_and_does_it(bank: Bank, bo: Person) -> None:
    assert (await bo.page.get(bo.w(PAGE))).status_code == 403
    assert (await bo.post(f"{PAGE}/checkout", {"plan": "team"})).status_code == 403
    assert (await bo.api.post("/billing/checkout", json={"plan": "team"})).status_code == 403
    assert (await bo.api.get("/billing")).status_code == 403


async def test_without_a_payment_service_the_bank_is_named(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = dict(bank.runtime._parts)
    bank.runtime._parts.clear()
    monkeypatch.setattr(bank.runtime, "settings", replace(bank.runtime.settings, stripe_api_key=None))
    choice = await text(bank, f"{PAGE}/plan")
    assert "Transfer the sum and name this workspace: Acme" in choice
    assert "/checkout" not in choice
    refused = await bank.ann.api.post("/billing/checkout", json={"plan": "team"})
    assert (refused.status_code, refused.json()["code"]) == (409, "payment.not_set_up")
    bank.runtime._parts.update(kept)


async def test_a_bank_account_is_offered_beside_cards_to_who_pays_by_none(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "By bank transfer" not in await text(bank, f"{PAGE}/plan")
    account = "招商银行 <上海分行>\n6225 8812 3456 7890"
    monkeypatch.setattr(bank.runtime, "settings", replace(bank.runtime.settings, bank_account=account))
    choice = await text(bank, f"{PAGE}/plan")
    assert "/checkout" in choice
    assert "By bank transfer" in choice
    assert "招商银行 &lt;上海分行&gt;\n6225 8812 3456 7890" in choice
    await bank.subscribe()
    assert "By bank transfer" not in await text(bank, f"{PAGE}/plan?plan=business")


async def test_the_api_does_what_the_page_does(bank: Bank) -> None:
    api = bank.ann.api
    made = await api.post("/billing/checkout", json={"plan": "team", "interval": "month"})
    hosted.pay(bank.world, made.json()["url"].rpartition("/")[2], invoices.GOOD)
    await bank.settle()
    shown = (await api.get("/billing")).json()
    assert (shown["plan"], shown["state"], shown["seats"]) == ("team", "trialing", 4)
    assert shown["usage"]["members"] == {"used": 4, "limit": None, "full_on": None}
    assert shown["usage"]["customers"]["limit"] == 50_000
    assert (await api.post("/billing/portal")).json()["url"].startswith(ADDRESS)
    for path, body in (
        ("plan", {"plan": "business"}),
        ("cancel", None),
        ("resume", None),
    ):
        assert (await api.post(f"/billing/{path}", json=body)).status_code == 204, path
    assert (await api.get("/billing")).json()["plan"] == "business"
    assert (await api.post("/billing/code", json={"code": "NONE"})).status_code == 422
    assert (await api.post("/billing/invoices/in_none/pay")).status_code == 404
    conflict = await api.post("/billing/checkout", json={"plan": "team"})
    assert conflict.json()["code"] == "billing.subscribed"


async def test_an_invoice_is_paid_by_api(bank: Bank) -> None:
    await bank.subscribe()
    bank.card(invoices.DECLINED)
    await bank.pass_days(32)
    bill = bank.world.all("invoice", status="open")[0]["id"]
    refused = await bank.ann.api.post(f"/billing/invoices/{bill}/pay")
    assert (refused.status_code, refused.json()["code"]) == (402, "payment.refused")
    bank.card(invoices.GOOD)
    assert (await bank.ann.api.post(f"/billing/invoices/{bill}/pay")).status_code == 204


async def test_a_fapiao_is_asked_for_on_the_page(bank: Bank) -> None:
    data = TransferIn(reference="R-1", amount_minor=990_000, currency="CNY", plan="team")
    async with bank.runtime.control() as control:
        paid = str((await service_offline.record_transfer(control, bank.tenant, data)).id)
    page = await text(bank)
    assert "R-1" in page
    assert "Ask for a fapiao" in page
    assert paid in await text(bank, f"{PAGE}/fapiao?paid={paid}")
    form = {"paid_for": paid, "title": "恒通", "email": "a@b.test", "tax_number": "1"}
    wrong = await bank.ann.post(f"{PAGE}/fapiao", form)
    assert wrong.status_code == 422
    assert "unified social credit code" in wrong.text
    form["tax_number"] = "91110000600037341L"
    assert (await bank.ann.post(f"{PAGE}/fapiao", form)).status_code == 303
    assert "Fapiao asked for" in await text(bank)
    twice = await bank.ann.api.post("/billing/fapiao", json=form)
    assert twice.json()["code"] == "fapiao.exists"


async def test_an_invoice_in_yuan_gets_its_fapiao_by_api(bank: Bank) -> None:
    async with bank.runtime.control() as control:
        (await service_accounts.ensure(control, bank.tenant)).currency = "CNY"
    await bank.subscribe()
    (paid,) = (await bank.ann.api.get("/billing")).json()["invoices"]
    assert (paid["state"], paid["currency"], paid["total_minor"]) == ("paid", "CNY", 4 * 6_800)
    form = {"paid_for": paid["id"], "title": "恒通", "email": "a@b.test", "tax_number": "91110000600037341L"}
    made = (await bank.ann.api.post("/billing/fapiao", json=form)).json()
    assert (made["amount_minor"], made["number"]) == (4 * 6_800, None)


async def test_modules_and_limits_show(bank: Bank, modules: Any) -> None:
    async with bank.runtime.control() as control:
        await service_accounts.give(control, bank.tenant, "free")
        await service.add_plugin(control, bank.tenant, "sold.plain")
    page = await text(bank)
    assert "Plain" in page
    assert "Over the limit" in page
    shown = (await bank.ann.api.get("/billing")).json()
    assert [(each["plugin"], each["state"], each["amount_minor"]) for each in shown["modules"]] == [
        ("sold.plain", "trial", 900)
    ]


@pytest.mark.parametrize(
    ("count", "limit", "days"),
    [
        (Count(10, 5), None, None),
        (Count(10, 5), 10, 0),
        (Count(12, 5), 10, 0),
        (Count(10, 0), 100, None),
        (Count(70, 30), 100, 30),
        (Count(70, 29), 100, 32),
        (Count(0, 1), 100, None),
        (Count(1, 1), 3, None),
        (Count(2, 2), 3, 15),
    ],
)
def test_the_day_on_which_a_limit_is_reached(count: Count, limit: int | None, days: int | None) -> None:
    from datetime import date, timedelta

    today = date(2026, 11, 21)
    assert full_on(count, limit, today) == (None if days is None else today + timedelta(days=days))
