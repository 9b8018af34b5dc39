"""Reads of billing: what is used, when a limit will be reached, what is on the bill, what was paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from core.access.models import Member
from core.customers.models import Customer
from core.ext.specs import Manifest
from core.kernel.mentions import kept
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import Tenant
from tenants.api_keys.models import ApiKey
from tenants.billing.models import (
    BankTransfer,
    BillingAccount,
    BillingInvoice,
    BillingItem,
    FapiaoRequest,
)
from tenants.billing.plans import BUSINESS, Interval, Sold, currency_for, module_minor
from tenants.billing.schema import BillingOut, InvoiceOut, ModuleOut, UsageOut

MONTH = timedelta(days=30)
FORESEEN = timedelta(days=365)
MOST = 100_000
"""So many of a thing are counted at most; more are shown as that many."""
MEGABYTE = 1024 * 1024
NEWEST = 24


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, and how many of them are younger than a month."""

    used: int
    recent: int


def full_on(count: Count, limit: int | None, today: date) -> date | None:
    """The day on which a limit is reached if what the past 30 days added goes on being added, within a year.

    today + (limit - used) / (added in 30 days / 30), rounded up to whole days; today where it is reached.
    """
    if limit is None:
        return None
    if count.used >= limit:
        return today
    if count.recent <= 1:
        # One more, whoever founded the workspace for one, is no growth.
        return None
    days = -(-(limit - count.used) * 30 // count.recent)
    return today + timedelta(days=days) if days <= FORESEEN.days else None


async def counts(ctx: Ctx, control: Control) -> dict[str, Count]:
    """Count what plans limit."""
    since = ctx.now() - MONTH
    taken, recent = await kept(ctx.session, since)
    return {
        "members": await _count(ctx.session, Member.id, Member.created_at, since, Member.active),
        "customers": await _count(
            ctx.session, Customer.id, Customer.created_at, since, Customer.deleted_at.is_(None)
        ),
        "api_keys": await _count(
            control.session,
            ApiKey.id,
            ApiKey.created_at,
            since,
            ApiKey.tenant_id == ctx.tenant.id,
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > ctx.now()),
        ),
        "storage_mb": Count(-(-taken // MEGABYTE), -(-recent // MEGABYTE)),
    }


async def _count(session: Any, column: Any, created: Any, since: datetime, *where: Any) -> Count:
    some = select(created.label("created_at")).where(*where).order_by(created.desc()).limit(MOST).subquery()
    young = func.count().filter(some.c.created_at >= since)
    row = (await session.execute(select(func.count(), young).select_from(some))).one()
    return Count(int(row[0]), int(row[1]))


def usage(ctx: Ctx, counted: Mapping[str, Count]) -> dict[str, UsageOut]:
    """What is used of what the plan includes."""
    return {
        name: UsageOut(
            used=count.used,
            limit=(limit := ctx.tenant.limits.get(name)),
            full_on=full_on(count, limit, ctx.today()),
        )
        for name, count in counted.items()
    }


async def account(control: Control, tenant: Tenant) -> BillingAccount:
    """The account of the workspace; where the operator made the workspace, and so none, what it would be."""
    found = await control.session.scalar(select(BillingAccount).filter_by(tenant_id=tenant.id))
    if found is not None:
        return found
    return BillingAccount(
        tenant_id=tenant.id,
        plan=BUSINESS.key,
        interval="month",
        currency=currency_for(tenant.currency),
        state="active",
        source="gift",
        seats=0,
    )


async def modules(control: Control, held: BillingAccount) -> list[ModuleOut]:
    """The modules on the bill, with what each costs an interval."""
    known = control.machinery.registry.modules
    items = await control.session.scalars(
        select(BillingItem)
        .where(BillingItem.tenant_id == held.tenant_id, BillingItem.state.in_(("trial", "billed", "unpaid")))
        .order_by(BillingItem.plugin)
    )
    return [_module(known[item.plugin].manifest, item, held) for item in items if item.plugin in known]


def _module(manifest: Manifest, item: BillingItem, held: BillingAccount) -> ModuleOut:
    currency: Sold = "CNY" if held.currency == "CNY" else "USD"
    interval: Interval = "year" if held.interval == "year" else "month"
    price = manifest.price
    return ModuleOut(
        plugin=item.plugin,
        title=manifest.title,
        state=item.state,
        amount_minor=module_minor(price, interval, currency) if price else 0,
        per=price.per if price else "workspace",
        trial_until=item.trial_until if item.state == "trial" else None,
    )


async def invoices(control: Control, tenant_id: UUID) -> list[InvoiceOut]:
    """The newest invoices."""
    found = await control.session.scalars(
        select(BillingInvoice)
        .filter_by(tenant_id=tenant_id)
        .order_by(BillingInvoice.issued_at.desc(), BillingInvoice.id.desc())
        .limit(NEWEST)
    )
    return [
        InvoiceOut(
            id=each.id,
            number=each.number,
            state=each.state,
            total_minor=each.total_minor,
            due_minor=each.due_minor,
            currency=each.currency,
            issued_at=each.issued_at,
            url=each.url,
        )
        for each in found
    ]


async def transfers(control: Control, tenant_id: UUID) -> Sequence[BankTransfer]:
    """The newest bank transfers."""
    newest = select(BankTransfer).filter_by(tenant_id=tenant_id).order_by(BankTransfer.id.desc())
    return (await control.session.scalars(newest.limit(NEWEST))).all()


async def fapiao(control: Control, tenant_id: UUID) -> dict[str, FapiaoRequest]:
    """The 发票 that were asked for, by what they are over."""
    asked = select(FapiaoRequest).filter_by(tenant_id=tenant_id).order_by(FapiaoRequest.id.desc())
    return {each.paid_for: each for each in await control.session.scalars(asked.limit(2 * NEWEST))}


async def overview(ctx: Ctx, control: Control) -> BillingOut:
    """Everything that the workspace has, uses and pays."""
    held = await account(control, ctx.tenant)
    return BillingOut(
        plan=held.plan,
        interval=held.interval,
        state=held.state,
        source=held.source,
        currency=held.currency,
        readonly=ctx.tenant.readonly,
        seats=held.seats or 0,
        price_minor=held.price_minor,
        period_end=held.period_end,
        cancel_at=held.cancel_at,
        trial_until=held.trial_until,
        grace_until=held.grace_until,
        next_minor=held.next_minor,
        usage=usage(ctx, await counts(ctx, control)),
        modules=await modules(control, held),
        invoices=await invoices(control, ctx.tenant.id),
    )
