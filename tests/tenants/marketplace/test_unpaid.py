"""Modules that nobody pays for: off with all that needs them, and nobody wonders why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from core.access.models import Member
from core.activities.notifications.models import Notification
from core.kernel.mail import InboxMail, MailError
from core.tenancy.control_log import ControlEvent
from core.tenancy.directory import TenantPlugin
from tenants.accounts import letters
from tenants.billing import service as billing
from tenants.billing import service_accounts
from tenants.billing.models import BillingItem
from tenants.billing.schema import UnpaidIn
from tenants.marketplace import jobs, unpaid
from tests.fixtures.people import Person
from tests.fixtures.planted import Plant
from tests.tenants.marketplace.conftest import Shop
from tests.tenants.marketplace.test_service import disable, enable


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait."""
    monkeypatch.setattr(jobs, "SETTLE_S", 0.0)
    monkeypatch.setattr("core.kernel.jobs.attempt.backoff_s", lambda attempts: 0.0)


@pytest.fixture
async def trial(shop: Shop, plant: Plant) -> Shop:
    """A free workspace with a module whose trial is over, and others that need it: bonus, and club through bonus."""
    plant("bonus", {"plugin.py": ""}, more=", requires=('loyalty', 'customers')")
    shop.use(plant("club", {"plugin.py": ""}, more=", requires=('loyalty', 'bonus')"))
    await enable(shop, "club")
    await shop.drain()
    async with shop.runtime.control() as control:
        await service_accounts.give(control, shop.tenant, "free")
        over = control.now() - timedelta(minutes=1)
        for plugin, until in (("loyalty", over), ("bonus", over + timedelta(days=9))):
            item = BillingItem(tenant_id=shop.tenant.id, plugin=plugin, state="trial", trial_until=until)
            control.session.add(item)
    for path in shop.runtime.mailer.inbox._paths():
        path.unlink()
    return shop


async def end_trials(shop: Shop) -> None:
    async with shop.runtime.control() as control:
        account = await service_accounts.account_of(control, shop.tenant.id)
        await billing.end_trials(control, account)


async def items(shop: Shop) -> dict[str, str]:
    async with shop.runtime.control() as control:
        found = await control.session.scalars(select(BillingItem).filter_by(tenant_id=shop.tenant.id))
        return {item.plugin: item.state for item in found}


async def told(shop: Shop) -> list[tuple[str, str]]:
    """What the log of the control plane says of modules that went off: which, and why."""
    async with shop.runtime.control() as control:
        chosen = select(ControlEvent).filter_by(name="plugin.disabled", tenant_id=shop.tenant.id)
        found = await control.session.scalars(chosen.order_by(ControlEvent.id))
        return [(event.data["plugin"], event.data["reason"]) for event in found]


async def notices(shop: Shop) -> list[Notification]:
    async with shop.runtime.open(shop.tenant, readonly=True) as ctx:
        return list(await ctx.session.scalars(select(Notification).filter_by(kind="module_unpaid")))


def mails(shop: Shop) -> list[InboxMail]:
    inbox = shop.runtime.mailer.inbox
    return [inbox.read(entry.id) for entry in inbox.newest()]


async def test_it_goes_off_with_what_needs_it_and_its_managers_are_told(trial: Shop) -> None:
    await end_trials(trial)
    await trial.drain()
    assert [await trial.state(key) for key in ("loyalty", "bonus", "club")] == ["disabled"] * 3
    assert not {"loyalty", "bonus", "club"} & (await trial.now()).plugins
    assert await told(trial) == [
        ("club", "needs_unpaid"),
        ("bonus", "needs_unpaid"),
        ("loyalty", "unpaid"),
    ]
    assert await items(trial) == {"loyalty": "unpaid", "bonus": "ended"}
    (notice,) = await notices(trial)
    assert notice.member_id == trial.cast.people["ann"].principal.member_id
    assert (notice.path, notice.params) == ("/marketplace/loyalty", {"title": "loyalty"})
    (mail,) = mails(trial)
    assert mail.entry.to == "ann@acme.test"
    assert mail.entry.subject == "loyalty was switched off"
    assert "Nobody pays for loyalty in Acme" in mail.text
    assert "Switched off with it, as they need it: bonus, club." in mail.text
    assert "/w/acme/marketplace/loyalty" in mail.text
    assert trial.points() == ["installed"]


async def test_the_audit_log_says_why(trial: Shop, owner: Person) -> None:
    await end_trials(trial)
    await trial.drain()
    owner.page._transport.app = trial.app  # type: ignore[attr-defined]
    page = (await owner.page.get(owner.w("/settings/audit"))).text
    assert "Module switched off: nobody pays for it" in page
    assert "Module switched off: nobody pays for one that it needs" in page
    listed = await owner.page.get(owner.w("/notifications"))
    assert "loyalty was switched off: nobody pays for it" in listed.text


async def test_everybody_reads_it_in_his_own_language(trial: Shop) -> None:
    async with trial.runtime.open(trial.tenant) as ctx:
        await ctx.session.execute(update(Member).values(locale="zh_CN"))
    await disable(trial, "club")
    await disable(trial, "bonus")
    await end_trials(trial)
    await trial.drain()
    (mail,) = mails(trial)
    assert mail.entry.subject == "loyalty 已停用"
    assert "未为 loyalty 付费" in mail.text


async def test_what_is_paid_for_by_then_stays_on(trial: Shop) -> None:
    await end_trials(trial)
    async with trial.runtime.control() as control:
        await service_accounts.give(control, trial.tenant, "team")
        chosen = select(BillingItem).filter_by(tenant_id=trial.tenant.id, plugin="loyalty")
        (await control.session.scalars(chosen)).one().state = "billed"
    await trial.drain()
    assert await trial.state("loyalty") == "enabled"
    assert await told(trial) == []
    assert mails(trial) == []


async def test_what_is_off_already_is_not_told_of(trial: Shop) -> None:
    for plugin in ("club", "bonus"):
        await disable(trial, plugin)
    await end_trials(trial)
    async with trial.runtime.control() as control:
        row = await control.session.get_one(TenantPlugin, (trial.tenant.id, "loyalty"))
        row.state = "disabled"
    await trial.drain()
    assert [why for _, why in await told(trial)] == ["", ""]
    assert await notices(trial) == []


async def test_what_failed_to_come_up_goes_off_too(trial: Shop) -> None:
    await end_trials(trial)
    async with trial.runtime.control() as control:
        row = await control.session.get_one(TenantPlugin, (trial.tenant.id, "loyalty"))
        row.state, row.problem = "failed", "out of order"
    await trial.drain()
    after = await trial.row()
    assert after is not None
    assert (after.state, after.problem) == ("disabled", "")


async def test_what_is_no_longer_installed_is_off_when_it_comes_back(trial: Shop) -> None:
    async with trial.runtime.control() as control:
        item = BillingItem(tenant_id=trial.tenant.id, plugin="gone", state="trial", trial_until=control.now())
        row = TenantPlugin(tenant_id=trial.tenant.id, plugin="gone", state="enabled", version="1")
        control.session.add_all([item, row])
    await end_trials(trial)
    await trial.drain()
    assert await trial.state("gone") == "disabled"
    assert "gone" not in [plugin for plugin, _ in await told(trial)]


async def test_modules_end_with_what_paid_for_them(trial: Shop) -> None:
    async with trial.runtime.control() as control:
        chosen = select(BillingItem).filter_by(tenant_id=trial.tenant.id, plugin="loyalty")
        (await control.session.scalars(chosen)).one().state = "billed"
        account = await service_accounts.account_of(control, trial.tenant.id)
        await billing.drop_unpaid(control, account)
    await trial.drain()
    assert (await told(trial))[-1] == ("loyalty", "unpaid")


async def test_of_a_workspace_that_is_gone_nothing_is_switched(trial: Shop) -> None:
    await unpaid.switch_off(trial.runtime, UnpaidIn(tenant_id=uuid4(), plugin="loyalty"))
    assert await trial.state("loyalty") == "enabled"


async def test_a_mail_that_failed_is_sent_again_and_the_others_are_not(
    trial: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trial.runtime.open(trial.tenant) as ctx:
        await ctx.session.execute(update(Member).where(Member.name == "Bo").values(role="admin"))
    sent: list[str] = []
    real = letters.send

    async def flaky(runtime: Any, to: str, *more: Any, **named: Any) -> None:
        sent.append(to)
        if len(sent) == 2:
            raise MailError("later", permanent=False)
        await real(runtime, to, *more, **named)

    monkeypatch.setattr(letters, "send", flaky)
    await end_trials(trial)
    await trial.drain()
    await trial.drain()
    assert sent == ["ann@acme.test", "bo@acme.test", "bo@acme.test"]
    assert len(await notices(trial)) == 2
