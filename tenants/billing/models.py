"""The tables of billing, all in the control plane."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row

STATES = ("free", "trialing", "active", "past_due", "unpaid")
SOURCES = ("none", "stripe", "offline", "gift")


class BillingAccount(Row, ControlBase):
    """What a workspace has and how it pays; its version is the guard of everything read from the payment service.

    ``state``: ``past_due`` until ``grace_until`` and read-only after it; ``unpaid``: ended for want of payment.
    ``price_minor``: what a seat, or the year, was bought at; ``next_minor``: the next invoice as it stood at
    ``checked_at``.
    """

    __tablename__ = "billing_account"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint(f"source in {SOURCES}", name="source"),
        Index("ix_billing_account_due", "grace_until", postgresql_where=text("grace_until IS NOT NULL")),
    )

    tenant_id: Mapped[UUID] = mapped_column(unique=True)
    plan: Mapped[str]
    interval: Mapped[str] = mapped_column(server_default="month")
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="free")
    source: Mapped[str] = mapped_column(server_default="none")
    customer_id: Mapped[str | None] = mapped_column(unique=True)
    subscription_id: Mapped[str | None]
    seats: Mapped[int] = mapped_column(server_default=text("0"))
    price_minor: Mapped[int | None]
    period_end: Mapped[datetime | None]
    cancel_at: Mapped[datetime | None]
    trial_until: Mapped[datetime | None]
    trial_used: Mapped[bool] = mapped_column(server_default=text("false"))
    grace_until: Mapped[datetime | None]
    next_minor: Mapped[int | None]
    checked_at: Mapped[datetime | None]


class BillingItem(Row, ControlBase):
    """A module that a workspace pays for: in its trial, billed, ended, or switched off as nobody pays for it."""

    __tablename__ = "billing_item"
    __table_args__ = (
        UniqueConstraint("tenant_id", "plugin"),
        CheckConstraint("state in ('trial', 'billed', 'ended', 'unpaid')", name="state"),
    )

    tenant_id: Mapped[UUID]
    plugin: Mapped[str]
    state: Mapped[str]
    trial_until: Mapped[datetime | None]


class StripeEvent(ControlBase):
    """A message of the payment service, by its own id; ``applied_at`` once what it is about was read anew."""

    __tablename__ = "stripe_event"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    customer_id: Mapped[str | None]
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class BillingInvoice(ControlBase):
    """An invoice of the payment service, as last read."""

    __tablename__ = "billing_invoice"
    __table_args__ = (Index("ix_billing_invoice_tenant", "tenant_id", "issued_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    number: Mapped[str]
    state: Mapped[str]
    total_minor: Mapped[int]
    due_minor: Mapped[int]
    currency: Mapped[str]
    issued_at: Mapped[datetime]
    url: Mapped[str | None]


class BankTransfer(Row, ControlBase):
    """Money that came by bank, as the operator noted it; ``reference`` is the bank's."""

    __tablename__ = "bank_transfer"
    __table_args__ = (UniqueConstraint("tenant_id", "reference"),)

    tenant_id: Mapped[UUID]
    reference: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    received_on: Mapped[date]
    plan: Mapped[str]
    months: Mapped[int]
    paid_until: Mapped[datetime]


class FapiaoRequest(Row, ControlBase):
    """A 发票 that a customer asks for, over one invoice or transfer; the operator issues it and notes its number.

    ``file`` goes with the mail that says so.
    """

    __tablename__ = "fapiao_request"
    __table_args__ = (UniqueConstraint("tenant_id", "paid_for"),)

    tenant_id: Mapped[UUID]
    paid_for: Mapped[str]
    amount_minor: Mapped[int]
    title: Mapped[str]
    tax_number: Mapped[str]
    email: Mapped[str]
    number: Mapped[str | None]
    issued_at: Mapped[datetime | None]
    file_name: Mapped[str | None]
    file: Mapped[bytes | None] = mapped_column(deferred=True)
