"""What is sent and shown of leads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import Country, Currency, Email, LongText, Name, Phone, PriceMinor, ShortText, Tag

Status = Annotated[Literal["new", "contacted", "qualified", "unqualified"], Meta(title=N_("Status"))]
"""What people set; ``converted`` comes of converting alone."""
Rating = Annotated[Literal["hot", "warm", "cold", "not_interested"], Meta(title=N_("Rating"))]
Tags = Annotated[list[Tag], Meta(max_length=50, title=N_("Tags"))]
LeadName = Annotated[Name, Meta(title=N_("Full name"))]
Owner = Annotated[UUID | None, Meta(title=N_("Owner"), extra={"kind": "member"})]


class LeadIn(msgspec.Struct, kw_only=True):
    """A new lead; without an owner it belongs to whoever creates it."""

    name: LeadName
    company: Annotated[ShortText | None, Meta(title=N_("Company"))] = None
    position: Annotated[ShortText | None, Meta(title=N_("Job title"))] = None
    mobile: Annotated[Phone | None, Meta(title=N_("Mobile"))] = None
    phone: Annotated[Phone | None, Meta(title=N_("Phone"))] = None
    email: Annotated[Email | None, Meta(title=N_("E-mail"))] = None
    wechat: Annotated[ShortText | None, Meta(title=N_("WeChat"))] = None
    whatsapp: Annotated[Phone | None, Meta(title=N_("WhatsApp"))] = None
    city: Annotated[ShortText | None, Meta(title=N_("City"))] = None
    country: Annotated[Country | None, Meta(title=N_("Country"))] = None
    source: Annotated[ShortText | None, Meta(title=N_("Source"))] = None
    rating: Rating = "warm"
    status: Status = "new"
    unqualified_reason: Annotated[ShortText | None, Meta(title=N_("Why not qualified"))] = None
    owner_id: Owner = None
    next_follow_up_on: Annotated[date | None, Meta(title=N_("Next follow-up"))] = None
    tags: Tags = msgspec.field(default_factory=list)
    notes: Annotated[LongText | None, Meta(title=N_("Notes"))] = None
    external_id: Annotated[ShortText | None, Meta(title=N_("External ID"))] = None


class LeadPatch(msgspec.Struct, kw_only=True):
    """A change of some fields; what is left out stays."""

    name: LeadName | UnsetType = UNSET
    company: ShortText | UnsetType | None = UNSET
    position: ShortText | UnsetType | None = UNSET
    mobile: Phone | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    wechat: ShortText | UnsetType | None = UNSET
    whatsapp: Phone | UnsetType | None = UNSET
    city: ShortText | UnsetType | None = UNSET
    country: Country | UnsetType | None = UNSET
    source: ShortText | UnsetType | None = UNSET
    rating: Rating | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    unqualified_reason: Annotated[ShortText | None, Meta(title=N_("Why not qualified"))] | UnsetType = UNSET
    owner_id: Owner | UnsetType = UNSET
    next_follow_up_on: date | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    notes: LongText | UnsetType | None = UNSET
    external_id: ShortText | UnsetType | None = UNSET


class LeadOut(msgspec.Struct, kw_only=True):
    """A lead as the API shows it; a converted one names what it became."""

    id: UUID
    name: str
    company: str | None
    position: str | None
    mobile: str | None
    phone: str | None
    email: str | None
    wechat: str | None
    whatsapp: str | None
    city: str | None
    country: str | None
    source: str | None
    rating: str
    status: str
    unqualified_reason: str | None
    owner_id: UUID | None
    next_follow_up_on: date | None
    last_contacted_at: datetime | None
    converted_at: datetime | None
    customer_id: UUID | None
    contact_id: UUID | None
    deal_id: UUID | None
    tags: list[str]
    notes: str | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class ConvertDeal(msgspec.Struct, kw_only=True):
    """The deal that comes of a lead; without a name it is called after the customer."""

    name: Annotated[Name | None, Meta(title=N_("Deal"))] = None
    amount_minor: Annotated[PriceMinor, Meta(title=N_("Amount"))] | None = None
    currency: Annotated[Currency | None, Meta(title=N_("Currency"))] = None
    stage_id: Annotated[UUID | None, Meta(title=N_("Stage"), extra={"kind": "ref", "ref": "stage"})] = None
    expected_close_on: Annotated[date | None, Meta(title=N_("Expected close"))] = None


class ConvertIn(msgspec.Struct, kw_only=True):
    """What becomes of a lead: a new or an existing customer, a new or an existing contact, a deal or none.

    A new customer is called ``customer_name``, else the lead's company, else its name.
    """

    customer_id: Annotated[
        UUID | None, Meta(title=N_("Existing customer"), extra={"kind": "ref", "ref": "customer"})
    ] = None
    customer_name: Annotated[Name | None, Meta(title=N_("Name of the customer"))] = None
    contact_id: Annotated[
        UUID | None, Meta(title=N_("Existing contact"), extra={"kind": "ref", "ref": "contact"})
    ] = None
    deal: ConvertDeal | None = None
