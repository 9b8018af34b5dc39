"""What people and jobs send about billing, and what the API tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.kernel.i18n import N_
from core.kernel.types import Email

Title = Annotated[str, Meta(min_length=1, max_length=100, title=N_("Company name on the fapiao"))]
TaxNumber = Annotated[str, Meta(min_length=1, max_length=18, title=N_("Unified social credit code"))]


class SyncIn(msgspec.Struct, frozen=True):
    """Whose seats and modules the payment service is to follow."""

    tenant_id: UUID


class UnpaidIn(msgspec.Struct, frozen=True):
    """A module that nobody pays for."""

    tenant_id: UUID
    plugin: str


class MessageIn(msgspec.Struct, frozen=True):
    """A message of the payment service that came."""

    event_id: str


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


class PlanIn(msgspec.Struct, frozen=True, kw_only=True):
    """A plan to have, and how often to pay for it."""

    plan: Literal["team", "business"]
    interval: Literal["month", "year"] = "month"


class CodeIn(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion code."""

    code: Annotated[str, Meta(min_length=1, max_length=100, title=N_("Promotion code"))]


class TransferIn(msgspec.Struct, frozen=True, kw_only=True):
    """A bank transfer that came; ``months`` of ``plan`` are paid by it."""

    reference: Annotated[str, Meta(min_length=1, max_length=100)]
    amount_minor: Annotated[int, Meta(ge=1)]
    currency: Literal["USD", "CNY"]
    plan: Literal["team", "business"]
    months: Annotated[int, Meta(ge=1, le=60)] = 12
    received_on: date | None = None


class FapiaoIn(msgspec.Struct, frozen=True, kw_only=True):
    """A 发票 to ask for; ``paid_for`` is the invoice or transfer."""

    paid_for: Annotated[str, Meta(min_length=1, max_length=100)]
    title: Title
    tax_number: TaxNumber
    email: Annotated[Email, Meta(title=N_("Send it to"))]


class FapiaoRef(msgspec.Struct, frozen=True):
    """A 发票 to write about."""

    request_id: UUID


class UsageOut(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a thing is used; ``limit`` None: as much as one likes; ``full_on`` at the present growth."""

    used: int
    limit: int | None
    full_on: date | None


class ModuleOut(msgspec.Struct, frozen=True, kw_only=True):
    """A module on the bill, and what it costs an interval."""

    plugin: str
    title: str
    state: str
    amount_minor: int
    per: str
    trial_until: datetime | None


class InvoiceOut(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice."""

    id: str
    number: str
    state: str
    total_minor: int
    due_minor: int
    currency: str
    issued_at: datetime
    url: str | None


class BillingOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the workspace has, uses and pays.

    ``price_minor``: by card, a seat's price a month or the workspace's a year, as it was bought.
    """

    plan: str
    interval: str
    state: str
    source: str
    currency: str
    readonly: bool
    seats: int
    price_minor: int | None
    period_end: datetime | None
    cancel_at: datetime | None
    trial_until: datetime | None
    grace_until: datetime | None
    next_minor: int | None
    usage: Mapping[str, UsageOut]
    modules: list[ModuleOut]
    invoices: list[InvoiceOut]


class PlaceOut(msgspec.Struct, frozen=True, kw_only=True):
    """An address of the payment service's own pages, to be opened in a browser."""

    url: str


class FapiaoOut(msgspec.Struct, frozen=True, kw_only=True):
    """A 发票 that was asked for."""

    id: UUID
    paid_for: str
    title: str
    tax_number: str
    amount_minor: int
    number: str | None
