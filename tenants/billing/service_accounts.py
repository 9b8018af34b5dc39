"""The accounts of workspaces: begun, told what the payment service holds, published in the directory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.kernel.errors import Conflict, NotFound
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.directory import Tenant, TenantRow
from tenants.billing import events
from tenants.billing.gateway import Object, Snapshot
from tenants.billing.models import BillingAccount, BillingInvoice
from tenants.billing.plans import BUSINESS, FREE, PLANS, currency_for
from tenants.billing.standing import Standing, at, entitlement, live, of_stripe, offline

FIELDS = (
    "plan",
    "interval",
    "state",
    "source",
    "subscription_id",
    "seats",
    "price_minor",
    "period_end",
    "cancel_at",
    "trial_until",
    "grace_until",
    "next_minor",
)
TOLD = ("plan", "state", "source", "interval", "cancel_at")


async def begin(control: Control, tenant_id: UUID, currency: str) -> None:
    """Give a workspace that is just being made its account, with the installation's first plan."""
    plan = PLANS[_first_plan(control)]
    values = {"tenant_id": tenant_id, "currency": currency_for(currency), "plan": plan.key}
    await control.session.execute(insert(BillingAccount).values(values).on_conflict_do_nothing())
    limited = update(TenantRow).where(TenantRow.id == tenant_id).values(limits=plan.limits_of("month"))
    await control.session.execute(limited)


async def ensure(control: Control, tenant: Tenant) -> BillingAccount:
    """The account of a workspace; one that the operator made has none, and gets the largest plan as a gift."""
    values = {"tenant_id": tenant.id, "currency": currency_for(tenant.currency), "plan": BUSINESS.key}
    gift = insert(BillingAccount).values(**values, source="gift", state="active")
    made = await control.session.scalar(gift.on_conflict_do_nothing().returning(BillingAccount.id))
    account = await account_of(control, tenant.id)
    if made is not None:
        await publish(control, account)
    return account


def _first_plan(control: Control) -> str:
    return str(control.machinery.settings.first_plan)


async def account_of(control: Control, tenant_id: UUID) -> BillingAccount:
    """The account of a workspace, locked until the transaction ends; raises :class:`NotFound` without one."""
    chosen = select(BillingAccount).filter_by(tenant_id=tenant_id).with_for_update()
    found = await control.session.scalar(chosen, execution_options={"populate_existing": True})
    if found is None:
        raise NotFound
    return found


def standing(account: BillingAccount) -> Standing:
    """An account's standing as it is stored."""
    return Standing(**{name: getattr(account, name) for name in FIELDS})


async def publish(control: Control, account: BillingAccount) -> bool:
    """Tell the directory what the workspace may do now; says whether that is new."""
    now = control.now()
    if account.source == "offline" and account.period_end is not None:
        await take(control, account, offline(account.plan, account.period_end, now))
    what = entitlement(standing(account), now)
    values = {"readonly": what.readonly, "limits": what.limits}
    found = await control.session.execute(
        select(TenantRow.readonly, TenantRow.limits, TenantRow.notices)
        .where(TenantRow.id == account.tenant_id)
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        # The workspace is removed; what it paid stays noted.
        return False
    others = {name: text for name, text in row.notices.items() if not name.startswith("billing")}
    values["notices"] = {**others, **what.notices}
    if (row.readonly, row.limits, row.notices) == (what.readonly, what.limits, values["notices"]):
        return False
    await control.session.execute(update(TenantRow).where(TenantRow.id == account.tenant_id).values(**values))
    await control.touch(account.tenant_id)
    return True


async def apply(control: Control, tenant_id: UUID, version: int, snapshot: Snapshot) -> bool:
    """Take over what was read at that version of the account; False where somebody took over a newer reading.

    Whatever order messages come in: a reading is only taken over if none was since it began.
    Emits subscription.changed where it is.
    """
    account = await account_of(control, tenant_id)
    if account.version != version:
        return False
    if account.source not in ("offline", "gift") or live(snapshot):
        await take(control, account, of_stripe(snapshot, _first_plan(control)))
    account.trial_used = account.trial_used or bool(snapshot.subscriptions)
    # Also where nothing else changed: the version says that somebody has read since.
    account.checked_at = max(control.now(), (account.checked_at or control.now()) + timedelta(microseconds=1))
    await _store_invoices(control, tenant_id, snapshot.invoices)
    await control.session.flush()
    await publish(control, account)
    return True


async def take(control: Control, account: BillingAccount, found: Standing) -> None:
    """Give an account another standing. Emits subscription.changed where people would notice."""
    before = standing(account)
    for name in FIELDS:
        setattr(account, name, getattr(found, name))
    changes = {
        name: (_plain(getattr(before, name)), _plain(getattr(found, name)))
        for name in TOLD
        if getattr(before, name) != getattr(found, name)
    }
    if changes:
        what = events.SubscriptionChanged(
            subject_id=account.tenant_id,
            label=PLANS[found.plan].title,
            plan=found.plan,
            state=found.state,
            source=found.source,
            changes=changes,
        )
        control.emit(what, tenant_id=account.tenant_id)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


async def _store_invoices(control: Control, tenant_id: UUID, invoices: Any) -> None:
    rows = [_invoice(tenant_id, each) for each in invoices if each["status"] != "draft"]
    if not rows:
        return
    adding = insert(BillingInvoice).values(rows)
    new = {name: adding.excluded[name] for name in rows[0] if name not in ("id", "tenant_id")}
    await control.session.execute(adding.on_conflict_do_update(index_elements=["id"], set_=new))


def _invoice(tenant_id: UUID, each: Object) -> dict[str, Any]:
    return {
        "id": each["id"],
        "tenant_id": tenant_id,
        "number": each["number"] or "",
        "state": each["status"],
        "total_minor": each["total"],
        "due_minor": each["amount_remaining"],
        "currency": each["currency"].upper(),
        "issued_at": at(each["created"]),
        "url": each.get("hosted_invoice_url"),
    }


async def give(control: Control, tenant: Tenant, plan: str) -> None:
    """Give a workspace a plan that nobody pays for; the free one takes a gift back. Emits subscription.changed.

    Raises ``Conflict`` while the workspace pays by card.
    """
    account = await ensure(control, tenant)
    if account.source == "stripe":
        raise PaidByCard
    is_free = plan == FREE.key
    state, source = ("free", "none") if is_free else ("active", "gift")
    await take(control, account, Standing(plan=plan, interval="month", state=state, source=source))
    await publish(control, account)


class PaidByCard(Conflict):
    """A subscription runs that nobody but the payment service may change."""

    code = "billing.paid_by_card"

    def __init__(self) -> None:
        super().__init__(detail=N_("This workspace pays by card. Its subscription has to end first."))
