"""What follows messages, members and the passing of time; all outside of any tenant, at least once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import delete, or_, select, update

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.ctx import Ctx
from core.tenancy.directory import TenantRow
from tenants.billing import payments, service, service_accounts
from tenants.billing.models import BillingAccount, StripeEvent
from tenants.billing.schema import MessageIn, Nothing, SyncIn

MESSAGE = "billing.message"
WATCH_S = 600
LOST = timedelta(hours=24)
"""After so long without a message a subscription is read all the same: one may have been lost."""
RETRY = timedelta(hours=1)
KEPT = timedelta(days=90)
"""Messages are known by their ids for longer than the payment service repeats them."""
AT_ONCE = 50
log = structlog.get_logger(__name__)


async def take_message(runtime: Runtime, params: MessageIn) -> None:
    """Read anew what a message is about; what it says itself may be old."""
    async with runtime.control() as control:
        message = await control.session.get(StripeEvent, params.event_id)
        if message is None or message.applied_at is not None:
            return
        customer = message.customer_id
        owner = select(BillingAccount.tenant_id).filter_by(customer_id=customer)
        tenant_id = await control.session.scalar(owner) if customer else None
    if tenant_id is not None:
        await payments.refresh(runtime, tenant_id)
    async with runtime.control() as control:
        applied = update(StripeEvent).where(StripeEvent.id == params.event_id)
        await control.session.execute(applied.values(applied_at=control.now()))


async def sync(runtime: Runtime, params: SyncIn) -> None:
    """Have the payment service follow the seats and modules of a workspace."""
    await payments.sync(runtime, params.tenant_id)


async def watch(runtime: Runtime, _params: Nothing) -> None:
    """Let grace, offline periods, lost messages and removed workspaces take their course."""
    async with runtime.control() as control:
        owing = or_(BillingAccount.grace_until.is_not(None), BillingAccount.source == "offline")
        due = list(await control.session.scalars(select(BillingAccount.tenant_id).where(owing)))
    await _each(due, partial(_publish, runtime))
    async with runtime.control() as control:
        silent = select(BillingAccount.tenant_id).where(
            BillingAccount.source == "stripe", BillingAccount.checked_at < control.now() - LOST
        )
        lost = list(await control.session.scalars(silent.order_by(BillingAccount.checked_at).limit(AT_ONCE)))
        leaving = select(BillingAccount.tenant_id).join(TenantRow, TenantRow.id == BillingAccount.tenant_id)
        going = leaving.where(
            TenantRow.state == "deleting",
            BillingAccount.source == "stripe",
            BillingAccount.cancel_at.is_(None),
        )
        gone = list(await control.session.scalars(going.limit(AT_ONCE)))
        old = delete(StripeEvent).where(StripeEvent.received_at < control.now() - KEPT)
        await control.session.execute(old)
    await _each(gone, partial(payments.leave, runtime))
    await _each(lost, partial(_look_again, runtime))


async def _each(tenant_ids: Sequence[UUID], do: Callable[[UUID], Awaitable[object]]) -> None:
    """Do something for each workspace: what goes wrong with one keeps the others waiting for nothing."""
    for tenant_id in tenant_ids:
        try:
            await do(tenant_id)
        except Exception as error:
            log.warning("billing.watch", tenant=str(tenant_id), error=repr(error))


async def _publish(runtime: Runtime, tenant_id: UUID) -> None:
    async with runtime.control() as control:
        account = await service_accounts.account_of(control, tenant_id)
        await service_accounts.publish(control, account)


async def _look_again(runtime: Runtime, tenant_id: UUID) -> None:
    """Read a subscription anew; one that cannot be read has its turn again after the others."""
    try:
        await payments.refresh(runtime, tenant_id)
    except Exception:
        async with runtime.control() as control:
            account = await service_accounts.account_of(control, tenant_id)
            account.checked_at = control.now() - LOST + RETRY
        raise


async def follow_members(ctx: Ctx, event: Any) -> None:
    """Have the seats on the bill follow the members of the workspace."""
    if event.name == "member.updated" and "active" not in event.changes:
        return
    async with ctx.machinery.control() as control:  # type: ignore[attr-defined]
        pays = select(BillingAccount.id).filter_by(tenant_id=ctx.tenant.id, source="stripe")
        if await control.session.scalar(pays) is not None:
            service.ask_to_sync(control, ctx.tenant.id)


JOBS: Final = [
    JobSpec(
        name=MESSAGE,
        handler=take_message,
        params=MessageIn,
        title=N_("Read anew what the payment service holds"),
        kind="control",
        retries=12,
    ),
    JobSpec(
        name=service.SYNC,
        handler=sync,
        params=SyncIn,
        title=N_("Bring seats and modules to the bill"),
        kind="control",
        retries=12,
    ),
    JobSpec(
        name="billing.watch",
        handler=watch,
        params=Nothing,
        title=N_("Watch over grace periods"),
        kind="control",
        every_s=WATCH_S,
    ),
]
