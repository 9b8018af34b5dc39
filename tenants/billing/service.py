"""The verbs of modules on the bill: added, removed, billed after their trial.

Everything here is one transaction in the control plane; the payment service follows in a job.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from core.ext.specs import Manifest
from core.kernel.errors import PaymentRequired
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.directory import Tenant
from core.tenancy.sandboxes import NotInSandbox
from tenants.billing.models import BillingAccount, BillingItem
from tenants.billing.schema import SyncIn, UnpaidIn
from tenants.billing.service_accounts import ensure

SYNC = "billing.sync"
UNPAID = "billing.unpaid"
"""The job that switches off what nobody pays for; it comes with whoever switches modules."""
PAYING = frozenset({"active", "trialing"})


async def add_plugin(control: Control, tenant: Tenant, plugin: str) -> None:
    """Put a module on the bill, after its trial where it has one that was not used up.

    Raises ``PaymentRequired`` (``billing.needed``) where nobody pays yet, and :class:`NotInSandbox` in a sandbox.
    What costs nothing is not noted.
    """
    manifest: Manifest = control.machinery.registry.modules[plugin].manifest
    if manifest.price is None:
        return
    if tenant.sandbox_of is not None:
        raise NotInSandbox(tenant, f"/marketplace/{plugin}")
    account = await ensure(control, tenant)
    item = await _item(control, tenant.id, plugin)
    if item is not None and item.state in ("trial", "billed"):
        return
    now = control.now()
    trial_until = now + timedelta(days=manifest.trial_days) if item is None else item.trial_until
    is_trial = trial_until is not None and trial_until > now
    if not is_trial and not pays(account):
        raise PaymentRequired(
            code="billing.needed",
            title=N_("This module is not free of charge"),
            detail=N_("Choose a plan and a way to pay under Settings, Plan and usage. Then switch it on."),
        )
    if item is None:
        item = BillingItem(tenant_id=tenant.id, plugin=plugin, trial_until=trial_until)
        control.session.add(item)
    item.state = "trial" if is_trial else "billed"
    ask_to_sync(control, tenant.id, run_at=trial_until if is_trial else None)


async def remove_plugin(control: Control, tenant: Tenant, plugin: str) -> None:
    """Take a module off the bill; its trial goes on should it come back before the end. Harmless to repeat."""
    item = await _item(control, tenant.id, plugin)
    if item is not None and item.state in ("trial", "billed", "unpaid"):
        item.state = "ended"
        ask_to_sync(control, tenant.id)


async def end_trials(control: Control, account: BillingAccount) -> None:
    """Bill the modules whose trial is over, or have them switched off where nobody pays."""
    due = select(BillingItem).where(
        BillingItem.tenant_id == account.tenant_id,
        BillingItem.state == "trial",
        BillingItem.trial_until <= control.now(),
    )
    for item in await control.session.scalars(due.with_for_update()):
        if pays(account):
            item.state = "billed"
        else:
            _give_up(control, item)


async def drop_unpaid(control: Control, account: BillingAccount) -> None:
    """Have the billed modules switched off of a workspace that has nothing left to bill them with."""
    if account.source in ("stripe", "offline", "gift") or account.state == "unpaid":
        return
    billed = select(BillingItem).filter_by(tenant_id=account.tenant_id, state="billed").with_for_update()
    for item in await control.session.scalars(billed):
        _give_up(control, item)


def _give_up(control: Control, item: BillingItem) -> None:
    item.state = "unpaid"
    control.enqueue(UNPAID, UnpaidIn(tenant_id=item.tenant_id, plugin=item.plugin))


async def is_unpaid(control: Control, tenant_id: UUID, plugin: str) -> bool:
    """Whether a module is on the bill of somebody who does not pay."""
    item = await _item(control, tenant_id, plugin)
    return item is not None and item.state == "unpaid"


def pays(account: BillingAccount) -> bool:
    """Whether there is something to put a module on."""
    return account.source in ("offline", "gift", "stripe") and account.state in PAYING


async def _item(control: Control, tenant_id: UUID, plugin: str) -> BillingItem | None:
    chosen = select(BillingItem).filter_by(tenant_id=tenant_id, plugin=plugin).with_for_update()
    found: BillingItem | None = await control.session.scalar(chosen)
    return found


def ask_to_sync(control: Control, tenant_id: UUID, run_at: datetime | None = None) -> None:
    """Have seats and modules at the payment service follow those here."""
    control.enqueue(SYNC, SyncIn(tenant_id=tenant_id), run_at=run_at)
