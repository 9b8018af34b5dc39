"""The verbs of paying without a card: bank transfers that the operator notes, and 发票."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.directory import Tenant
from tenants.billing import events
from tenants.billing.models import BankTransfer, BillingInvoice, FapiaoRequest
from tenants.billing.schema import FapiaoIn, FapiaoRef, TransferIn
from tenants.billing.service_accounts import PaidByCard, ensure, publish, take
from tenants.billing.standing import offline
from tenants.billing.tax_numbers import is_credit_code

ASKED = "billing.fapiao_asked"
ISSUED = "billing.fapiao_issued"


async def record_transfer(control: Control, tenant: Tenant, data: TransferIn) -> BankTransfer:
    """Note a bank transfer and lengthen what is paid for by its months. Emits transfer.recorded.

    The same reference again changes nothing. Raises ``Conflict`` while the workspace pays by card.
    """
    account = await ensure(control, tenant)
    known = select(BankTransfer).filter_by(tenant_id=tenant.id, reference=data.reference)
    if (found := await control.session.scalar(known)) is not None:
        return found
    if account.source == "stripe":
        raise PaidByCard
    now = control.now()
    start = max(now, account.period_end) if account.source == "offline" and account.period_end else now
    transfer = BankTransfer(
        **{**msgspec.structs.asdict(data), "received_on": data.received_on or now.date()},
        tenant_id=tenant.id,
        paid_until=months_after(start, data.months),
    )
    control.session.add(transfer)
    await take(control, account, offline(data.plan, transfer.paid_until, now))
    await control.session.flush()
    what = events.TransferRecorded(
        subject_id=transfer.id,
        label=data.reference,
        amount_minor=data.amount_minor,
        currency=data.currency,
        reference=data.reference,
    )
    control.emit(what, tenant_id=tenant.id)
    await publish(control, account)
    return transfer


def months_after(start: datetime, months: int) -> datetime:
    """The same day so many months later, or that month's last."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return start.replace(year=year, month=month + 1, day=min(start.day, (following - first).days))


async def request_fapiao(control: Control, tenant: Tenant, data: FapiaoIn) -> FapiaoRequest:
    """Ask for a 发票 over something that was paid in yuan, once; the operator is told. Emits fapiao.requested."""
    if not is_credit_code(data.tax_number):
        text = N_("This is no valid unified social credit code. Check its 18 characters.")
        raise Invalid.field("tax_number", "checksum", text)
    amount = await _paid_minor(control, tenant.id, data.paid_for)
    known = select(FapiaoRequest).filter_by(tenant_id=tenant.id, paid_for=data.paid_for)
    if await control.session.scalar(known) is not None:
        raise Conflict(code="fapiao.exists", detail=N_("A fapiao was asked for already."))
    request = FapiaoRequest(**msgspec.structs.asdict(data), tenant_id=tenant.id, amount_minor=amount)
    control.session.add(request)
    await control.session.flush()
    what = events.FapiaoRequested(subject_id=request.id, label=data.title, amount_minor=amount)
    control.emit(what, tenant_id=tenant.id)
    control.enqueue(ASKED, FapiaoRef(request_id=request.id))
    return request


async def _paid_minor(control: Control, tenant_id: UUID, paid_for: str) -> int:
    invoice = await control.session.scalar(
        select(BillingInvoice.total_minor).filter_by(
            id=paid_for, tenant_id=tenant_id, state="paid", currency="CNY"
        )
    )
    if invoice is not None:
        return invoice
    transfers = select(BankTransfer).filter_by(tenant_id=tenant_id, currency="CNY")
    for transfer in await control.session.scalars(transfers):
        if str(transfer.id) == paid_for:
            return transfer.amount_minor
    raise NotFound


async def issue_fapiao(
    control: Control, request_id: UUID, number: str, file: tuple[str, bytes] | None = None
) -> FapiaoRequest:
    """Note the number of an issued 发票; the customer is told, with the file if there is one. Emits fapiao.issued."""
    request = await control.session.get(FapiaoRequest, request_id, with_for_update=True)
    if request is None:
        raise NotFound
    if request.number is not None:
        raise Conflict(code="fapiao.issued", detail=N_("This fapiao is issued already."))
    request.number, request.issued_at = number, control.now()
    request.file_name, request.file = file or (None, None)
    what = events.FapiaoIssued(subject_id=request.id, label=request.title, number=number)
    control.emit(what, tenant_id=request.tenant_id)
    control.enqueue(ISSUED, FapiaoRef(request_id=request.id))
    return request
