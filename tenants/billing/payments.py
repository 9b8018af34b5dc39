"""The verbs that speak to the payment service: short transactions before and after, none while it is spoken to.

Each bears being repeated. What it leads to is read off the payment service afterwards, never assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from core.access.models import Member
from core.ext.specs import Manifest
from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.control import Control
from core.tenancy.directory import Tenant
from tenants.billing import lines, queries, service, service_accounts
from tenants.billing.gateway import Gateway, Line, Order, Snapshot, gateway_of
from tenants.billing.models import BillingAccount, BillingInvoice, BillingItem
from tenants.billing.plans import TRIAL_DAYS, Interval, Sold
from tenants.billing.schema import PlanIn
from tenants.billing.standing import live, plan_of

TRIES = 20
LOCALES = {"zh_CN": "zh", "en": "en"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who pays for which workspace; ``key`` makes a repeated click the same wish."""

    tenant: Tenant
    name: str
    email: str
    locale: str
    key: str
    back: str


@dataclass(frozen=True, slots=True)
class Held:
    """What is known here before the payment service is asked."""

    version: int
    source: str
    customer_id: str | None
    currency: Sold
    trial_used: bool
    modules: tuple[Manifest, ...]


class NoGateway(Conflict):
    """Nobody set up online payment."""

    code = "payment.not_set_up"
    title = N_("Online payment is not set up here")

    def __init__(self) -> None:
        super().__init__(detail=N_("Ask whoever runs this installation, or pay by bank transfer."))


def gateway(runtime: Runtime) -> Gateway:
    """The process's gateway; raises :class:`NoGateway` where no payment service is set up."""
    return runtime.part(Gateway, lambda: _made(runtime))


def _made(runtime: Runtime) -> Gateway:
    found = gateway_of(runtime.settings)
    if found is None:
        raise NoGateway
    return found


async def seats(runtime: Runtime, tenant: Tenant) -> int:
    """Count the active members of a workspace."""
    async with runtime.open(tenant, readonly=True) as ctx:
        counting = select(func.count()).select_from(Member).where(Member.active)
        return await ctx.session.scalar(counting) or 0


async def held(runtime: Runtime, tenant: Tenant) -> Held:
    """Read what a workspace has, giving it an account where it has none; trials that are over count as billed."""
    async with runtime.control() as control:
        account = await service_accounts.ensure(control, tenant)
        await service.end_trials(control, account)
        await control.session.flush()
        return await _held(control, account)


async def look(runtime: Runtime, tenant: Tenant) -> Held:
    """Read what a workspace has, and change nothing."""
    async with runtime.control() as control:
        return await _held(control, await queries.account(control, tenant))


async def _held(control: Control, account: BillingAccount) -> Held:
    billed = select(BillingItem.plugin).filter_by(tenant_id=account.tenant_id, state="billed")
    keys = sorted(await control.session.scalars(billed))
    known = control.machinery.registry.modules
    return Held(
        account.version or 0,
        account.source,
        account.customer_id,
        "CNY" if account.currency == "CNY" else "USD",
        bool(account.trial_used),
        tuple(known[key].manifest for key in keys if key in known),
    )


async def refresh(runtime: Runtime, tenant_id: UUID) -> None:
    """Read at the payment service what a workspace has, and take it over unless somebody read later."""
    service_ = gateway(runtime)
    for _ in range(TRIES):
        async with runtime.control() as control:
            chosen = select(BillingAccount).filter_by(tenant_id=tenant_id)
            account = await control.session.scalar(chosen)
            if account is None or account.customer_id is None:
                return
            version, customer = account.version, account.customer_id
        snapshot = await service_.snapshot(customer)
        async with runtime.control() as control:
            if await service_accounts.apply(control, tenant_id, version, snapshot):
                account = await service_accounts.account_of(control, tenant_id)
                await service.drop_unpaid(control, account)
                if len(live(snapshot)) > 1:
                    service.ask_to_sync(control, tenant_id)
                return
    raise Conflict(code="billing.busy")


async def sync(runtime: Runtime, tenant_id: UUID) -> None:
    """Have seats and modules at the payment service follow those here, and end subscriptions that are doubles.

    It looks again after each change: whoever writes last has seen that nothing is left to do.
    """
    tenant = await runtime.tenant(tenant_id)
    for _ in range(TRIES):
        known = await held(runtime, tenant)
        if known.customer_id is None or known.source != "stripe":
            return
        running = live(await gateway(runtime).snapshot(known.customer_id))
        for double in running[1:]:
            await gateway(runtime).cancel(double["id"], key=f"double-{double['id']}")
        if not running:
            break
        plan, interval = plan_of(running[0])
        if not await _change(runtime, tenant, known, running[0], PlanLine(plan, interval), {}):
            break
    await refresh(runtime, tenant_id)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan and how often it is paid for; another ``wish`` is another try, where a refusal would be repeated."""

    plan: str
    interval: Interval
    wish: str = ""


async def _change(
    runtime: Runtime,
    tenant: Tenant,
    known: Held,
    subscription: Mapping[str, Any],
    to: PlanLine,
    more: dict[str, Any],
) -> bool:
    """Make a subscription what it should be; says whether anything was to be done."""
    params = await _params(runtime, tenant, known, subscription, to)
    if not params:
        return False
    key = lines.key_of(subscription["id"], known.version, [params, more, to.wish])
    how = {"proration_behavior": "create_prorations", **more}
    await gateway(runtime).change(subscription["id"], {"items": params, **how}, key=key)
    return True


async def _params(
    runtime: Runtime, tenant: Tenant, known: Held, subscription: Mapping[str, Any], to: PlanLine
) -> list[dict[str, Any]]:
    count = await seats(runtime, tenant)
    wanted = lines.wanted(to.plan, to.interval, known.currency, seats=count, modules=known.modules)
    prices = await _prices(runtime, wanted, to.interval, known.currency)
    return lines.changes(subscription["items"]["data"], wanted, prices)


async def _prices(
    runtime: Runtime, wanted: list[lines.Wanted], interval: str, currency: str
) -> dict[str, str]:
    return {
        line.lookup_key: await gateway(runtime).price(
            lookup_key=line.lookup_key,
            name=line.name,
            amount_minor=line.amount_minor,
            currency=currency,
            interval=interval,
        )
        for line in wanted
    }


async def checkout(runtime: Runtime, buyer: Buyer, data: PlanIn) -> str:
    """Open a checkout for a plan, with the modules that are on the bill; gives the address of its page.

    Raises ``Conflict`` where a subscription lives already. The first one of a workspace begins with a trial.
    """
    tenant, service_ = buyer.tenant, gateway(runtime)
    known = await held(runtime, tenant)
    customer = await _customer(runtime, buyer, known)
    if live(await service_.snapshot(customer)):
        raise Conflict(
            code="billing.subscribed", detail=N_("There is a subscription already. Change its plan.")
        )
    count = await seats(runtime, tenant)
    wanted = lines.wanted(data.plan, data.interval, known.currency, seats=count, modules=known.modules)
    prices = await _prices(runtime, wanted, data.interval, known.currency)
    order = Order(
        customer=customer,
        lines=[Line(price=prices[line.lookup_key], quantity=line.quantity) for line in wanted],
        success_url=f"{buyer.back}/paid",
        cancel_url=buyer.back,
        metadata={"tenant": str(tenant.id)},
        trial_days=0 if known.trial_used else TRIAL_DAYS,
        locale=LOCALES.get(buyer.locale, "auto"),
    )
    return await service_.checkout(order, key=f"checkout-{tenant.id}-{buyer.key}")


async def _customer(runtime: Runtime, buyer: Buyer, known: Held) -> str:
    if known.customer_id is not None:
        return known.customer_id
    tenant = buyer.tenant
    made = await gateway(runtime).customer(name=tenant.name, email=buyer.email, tenant_id=str(tenant.id))
    async with runtime.control() as control:
        account = await service_accounts.account_of(control, tenant.id)
        # Of two who ask at once each may have made one: whoever stores his first is whom both go on with.
        account.customer_id = account.customer_id or made
        return account.customer_id


async def portal(runtime: Runtime, buyer: Buyer) -> str:
    """Open the payment service's own page of the workspace, for cards, addresses and receipts."""
    known = await held(runtime, buyer.tenant)
    customer = await _customer(runtime, buyer, known)
    key = f"portal-{buyer.tenant.id}-{buyer.key}"
    return await gateway(runtime).portal(customer, f"{buyer.back}/paid", key=key)


async def change_plan(runtime: Runtime, buyer: Buyer, data: PlanIn) -> None:
    """Change the plan at once, charging or crediting the difference; where the card does not pay nothing changes."""
    known, subscription = await _subscribed(runtime, buyer.tenant)
    more = {"proration_behavior": "always_invoice", "payment_behavior": "error_if_incomplete"}
    to = PlanLine(data.plan, data.interval, buyer.key)
    await _change(runtime, buyer.tenant, known, subscription, to, more)
    await refresh(runtime, buyer.tenant.id)


async def preview(runtime: Runtime, buyer: Buyer, data: PlanIn) -> int:
    """What a change of plan would cost today, in minor units; less than 0 is a credit."""
    known = await look(runtime, buyer.tenant)
    subscription = await _running(runtime, known)
    to = PlanLine(data.plan, data.interval)
    items = await _params(runtime, buyer.tenant, known, subscription, to)
    if not items:
        return 0
    details = {"items": items, "proration_behavior": "always_invoice"}
    found = await gateway(runtime).upcoming(subscription["id"], details)
    return int(found["total"]) if found is not None else 0


async def cancel(runtime: Runtime, buyer: Buyer, *, at_period_end: bool) -> None:
    """End the subscription with its period, or go on after all."""
    known, subscription = await _subscribed(runtime, buyer.tenant)
    change = {"cancel_at_period_end": at_period_end}
    key = lines.key_of(subscription["id"], known.version, [change, buyer.key])
    await gateway(runtime).change(subscription["id"], change, key=key)
    await refresh(runtime, buyer.tenant.id)


async def use_code(runtime: Runtime, buyer: Buyer, code: str) -> None:
    """Put a promotion code on the subscription; raises ``Invalid`` where it is none."""
    known, subscription = await _subscribed(runtime, buyer.tenant)
    found = await gateway(runtime).promotion(code.strip())
    if found is None:
        raise Invalid.field("code", "unknown", N_("There is no such code, or it has run out."))
    change = {"discounts": [{"promotion_code": found}]}
    key = lines.key_of(subscription["id"], known.version, [change, buyer.key])
    await gateway(runtime).change(subscription["id"], change, key=key)
    await refresh(runtime, buyer.tenant.id)


async def pay(runtime: Runtime, buyer: Buyer, invoice_id: str) -> None:
    """Have the card on file pay an open invoice of the workspace."""
    async with runtime.control() as control:
        mine = select(BillingInvoice.id).filter_by(id=invoice_id, tenant_id=buyer.tenant.id)
        is_mine = await control.session.scalar(mine) is not None
    if not is_mine:
        raise NotFound
    await gateway(runtime).pay(invoice_id, key=f"pay-{invoice_id}-{buyer.key}")
    await refresh(runtime, buyer.tenant.id)


async def _subscribed(runtime: Runtime, tenant: Tenant) -> tuple[Held, Mapping[str, Any]]:
    known = await held(runtime, tenant)
    return known, await _running(runtime, known)


async def _running(runtime: Runtime, known: Held) -> Mapping[str, Any]:
    snapshot = await gateway(runtime).snapshot(known.customer_id) if known.customer_id else Snapshot()
    running = live(snapshot)
    if not running:
        raise Conflict(code="billing.not_subscribed", detail=N_("There is no subscription to change."))
    return running[0]


async def leave(runtime: Runtime, tenant_id: UUID) -> None:
    """End the subscription of a workspace that is being removed with its period."""
    async with runtime.control() as control:
        account = await service_accounts.account_of(control, tenant_id)
        subscription, version = account.subscription_id, account.version
    if subscription is not None:
        change = {"cancel_at_period_end": True}
        await gateway(runtime).change(subscription, change, key=lines.key_of(subscription, version, change))
    await refresh(runtime, tenant_id)
