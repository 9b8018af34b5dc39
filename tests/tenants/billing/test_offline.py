"""Bank transfers, gifts and 发票: paying without a card."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.mail import InboxMail
from core.tenancy.directory import TenantRow
from tenants.billing import fapiao as fapiao_mails
from tenants.billing import jobs, service, service_accounts, service_offline
from tenants.billing.models import BankTransfer, FapiaoRequest
from tenants.billing.schema import FapiaoIn, FapiaoRef, Nothing, TransferIn
from tenants.billing.service_offline import months_after
from tenants.billing.standing import entitlement, offline
from tenants.billing.tax_numbers import is_credit_code
from tests.tenants.billing.conftest import Bank

CODE = "91110000600037341L"


def transfer(reference: str = "2026-001", months: int = 12) -> TransferIn:
    return TransferIn(reference=reference, amount_minor=990_000, currency="CNY", plan="team", months=months)


def fapiao(paid_for: str, tax_number: str = CODE) -> FapiaoIn:
    return FapiaoIn(paid_for=paid_for, title="恒通贸易有限公司", tax_number=tax_number, email="a@b.test")


async def record(bank: Bank, data: TransferIn) -> BankTransfer:
    async with bank.runtime.control() as control:
        made = await service_offline.record_transfer(control, bank.tenant, data)
        control.session.expunge(made)
    return made


async def test_a_transfer_pays_for_a_year_and_the_next_one_for_another(bank: Bank) -> None:
    start = bank.runtime.clock.now()
    await record(bank, transfer())
    account, tenant = await bank.account(), await bank.seen()
    assert (account.plan, account.state, account.source) == ("team", "active", "offline")
    assert tenant.limits["members"] == 20
    again = await record(bank, transfer())
    assert again.paid_until == months_after(start, 12)
    await record(bank, transfer("2026-002", months=6))
    assert (await bank.account()).period_end == months_after(start, 18)


async def test_a_paid_period_is_announced_runs_out_and_is_taken_up_again(bank: Bank) -> None:
    await record(bank, transfer(months=1))
    await bank.pass_days(2)
    await jobs.watch(bank.runtime, Nothing())
    assert (await bank.seen()).notices["billing"] == "ending"
    page = (await bank.ann.page.get(bank.ann.w("/customers"))).text
    assert "The plan is paid until" in page
    await bank.pass_days(32)
    await jobs.watch(bank.runtime, Nothing())
    tenant = await bank.seen()
    assert (await bank.account()).state == "past_due"
    assert (tenant.notices["billing"], tenant.readonly) == ("past_due", False)
    await bank.pass_days(14)
    await jobs.watch(bank.runtime, Nothing())
    assert (await bank.seen()).readonly
    await record(bank, transfer("2026-002"))
    tenant = await bank.seen()
    assert ((await bank.account()).state, tenant.readonly, tenant.notices) == ("active", False, {})


async def test_whoever_pays_by_card_pays_by_nothing_else(bank: Bank) -> None:
    await bank.subscribe()
    with pytest.raises(Conflict):
        await record(bank, transfer())
    async with bank.runtime.control() as control:
        with pytest.raises(Conflict):
            await service_accounts.give(control, bank.tenant, "business")


async def test_whoever_paid_by_transfer_may_go_over_to_a_card(bank: Bank) -> None:
    await record(bank, transfer())
    await bank.subscribe("business")
    account = await bank.account()
    assert (account.source, account.plan) == ("stripe", "business")


async def test_a_gift_is_given_and_taken_back(bank: Bank) -> None:
    async with bank.runtime.control() as control:
        await service_accounts.give(control, bank.tenant, "team")
    account, tenant = await bank.account(), await bank.seen()
    assert (account.source, account.state, tenant.limits["customers"]) == ("gift", "active", 50_000)
    async with bank.runtime.control() as control:
        await service_accounts.give(control, bank.tenant, "free")
    assert (await bank.account()).source == "none"
    assert (await bank.seen()).limits["customers"] == 1_000


async def test_a_new_workspace_begins_with_the_first_plan(bank: Bank) -> None:
    async with bank.runtime.control() as control:
        await service_accounts.begin(control, bank.tenant.id, "CNY")
        await control.touch(bank.tenant.id)
    account = await bank.account()
    assert (account.plan, account.currency, account.state) == ("free", "CNY", "free")
    assert (await bank.seen()).limits["members"] == 3
    async with bank.runtime.control() as control:
        assert (await service_accounts.ensure(control, bank.tenant)).plan == "free"


async def test_what_was_never_begun_has_no_account(bank: Bank) -> None:
    async with bank.runtime.control() as control:
        with pytest.raises(NotFound):
            await service_accounts.account_of(control, uuid4())


async def test_a_fapiao_is_asked_for_once_and_issued_once(bank: Bank) -> None:
    paid = str((await record(bank, transfer())).id)
    async with bank.runtime.control() as control:
        with pytest.raises(Invalid) as wrong:
            await service_offline.request_fapiao(control, bank.tenant, fapiao(paid, "911100006000373410"))
        assert [error.code for error in wrong.value.errors] == ["checksum"]
        with pytest.raises(NotFound):
            await service_offline.request_fapiao(control, bank.tenant, fapiao("in_none"))
        asked = await service_offline.request_fapiao(control, bank.tenant, fapiao(paid))
        assert asked.amount_minor == 990_000
        with pytest.raises(Conflict):
            await service_offline.request_fapiao(control, bank.tenant, fapiao(paid))
        with pytest.raises(NotFound):
            await service_offline.issue_fapiao(control, uuid4(), "1")
        issued = await service_offline.issue_fapiao(control, asked.id, "25117000000012345678")
        assert issued.issued_at == bank.runtime.clock.now()
        with pytest.raises(Conflict):
            await service_offline.issue_fapiao(control, asked.id, "2")


async def ask(bank: Bank, monkeypatch: pytest.MonkeyPatch, *, locale: str = "en") -> FapiaoRequest:
    """Ask for a 发票 where the operator left an address, in a workspace of that language."""
    settings = replace(bank.runtime.settings, operator_email="Money <money@example.com>")
    monkeypatch.setattr(bank.runtime, "settings", settings)
    for path in bank.runtime.mailer.inbox._paths():
        path.unlink()
    paid = str((await record(bank, transfer())).id)
    async with bank.runtime.control() as control:
        speaking = update(TenantRow).where(TenantRow.id == bank.tenant.id).values(locale=locale)
        await control.session.execute(speaking)
        await control.touch(bank.tenant.id)
        made = await service_offline.request_fapiao(control, bank.tenant, fapiao(paid))
        await control.session.flush()
        control.session.expunge(made)
    return made


def mails(bank: Bank) -> list[InboxMail]:
    inbox = bank.runtime.mailer.inbox
    return [inbox.read(entry.id) for entry in inbox.newest()]


async def test_the_operator_is_written_to_when_a_fapiao_is_asked_for(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await ask(bank, monkeypatch)
    await bank.settle()
    (mail,) = mails(bank)
    assert mail.entry.to == "Money <money@example.com>"
    assert mail.entry.subject == "Fapiao asked for: 恒通贸易有限公司"
    for said in ("Acme (acme)", CODE, "CN¥9,900.00", "a@b.test", f"--issue {made.id}"):
        assert said in mail.text, said


async def test_the_customer_is_written_to_when_it_is_issued(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await ask(bank, monkeypatch, locale="zh_CN")
    async with bank.runtime.control() as control:
        await service_offline.issue_fapiao(control, made.id, "2511", ("发票.pdf", b"%PDF-1.7"))
    await bank.settle()
    (mail,) = mails(bank)
    assert mail.entry.to == "a@b.test", "not the operator, who has issued it already"
    assert mail.entry.subject == "您的发票 2511"
    assert "¥9,900.00" in mail.text
    (file,) = mail.attachments
    assert (file.name, file.content, file.media_type) == ("发票.pdf", b"%PDF-1.7", "application/pdf")


async def test_without_a_file_the_number_is_told(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await ask(bank, monkeypatch)
    await bank.settle()
    async with bank.runtime.control() as control:
        await service_offline.issue_fapiao(control, made.id, "2511")
    await bank.settle()
    mail = next(mail for mail in mails(bank) if mail.entry.to == "a@b.test")
    assert mail.attachments == ()
    assert "Its number is 2511." in mail.text
    assert "attached" not in mail.text


async def test_where_the_operator_left_no_address_nobody_is_written_to(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await ask(bank, monkeypatch)
    settings = replace(bank.runtime.settings, operator_email=None)
    monkeypatch.setattr(bank.runtime, "settings", settings)
    await bank.settle()
    gone = FapiaoRef(request_id=uuid4())
    for job in (fapiao_mails.asked, fapiao_mails.issued):
        await job(bank.runtime, gone)
    await fapiao_mails.issued(bank.runtime, FapiaoRef(request_id=made.id))
    assert mails(bank) == []


async def test_whoever_paid_gets_the_fapiao_of_a_workspace_that_is_gone(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await ask(bank, monkeypatch)
    async with bank.runtime.control() as control:
        await service_offline.issue_fapiao(control, made.id, "2511")
        request = await control.session.get_one(FapiaoRequest, made.id)
        request.tenant_id = uuid4()
    await bank.settle()
    (mail,) = mails(bank)
    assert mail.entry.subject == "您的发票 2511"


async def test_nobody_asks_for_a_fapiao_over_what_others_paid(bank: Bank) -> None:
    paid = str((await record(bank, transfer())).id)
    async with bank.runtime.control() as control:
        other = await bank.runtime.directory.by_slug("zeta") or next(
            each for each in await bank.runtime.directory.all() if each.id != bank.tenant.id
        )
        with pytest.raises(NotFound):
            await service_offline.request_fapiao(control, other, fapiao(paid))


async def test_modules_are_part_of_what_a_transfer_pays_for(bank: Bank, modules: object) -> None:
    await record(bank, transfer())
    async with bank.runtime.control() as control:
        await service.add_plugin(control, bank.tenant, "sold.seats")
    await bank.settle()
    assert (await bank.item("sold.seats")).state == "billed"
    assert bank.world.objects["customer"] == {}


@pytest.mark.parametrize(
    ("code", "is_right"),
    [
        ("91110000600037341L", True),
        ("91350100M000100Y43", True),
        ("914403001922038216", True),
        ("91110108551385082Q", True),
        ("91110108551385082R", False),
        ("91110108551385082", False),
        ("9111010855138508OQ", False),
        ("91110108551385082q", False),
    ],
)
def test_the_last_character_of_a_credit_code_checks_the_others(code: str, is_right: bool) -> None:
    assert is_credit_code(code) is is_right


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2024, 1, 31), 1, (2024, 2, 29)),
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2026, 12, 15), 12, (2027, 12, 15)),
    ],
)
def test_months_end_on_their_last_day_at_the_latest(
    start: tuple[int, int, int], months: int, end: tuple[int, int, int]
) -> None:
    assert months_after(datetime(*start, tzinfo=UTC), months) == datetime(*end, tzinfo=UTC)


def test_the_first_instant_after_grace_is_read_only() -> None:
    paid_until = datetime(2026, 11, 1, tzinfo=UTC)
    last = paid_until + timedelta(days=14)
    for now, readonly in ((last - timedelta(microseconds=1), False), (last, True)):
        assert entitlement(offline("team", paid_until, now), now).readonly is readonly
