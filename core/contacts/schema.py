"""What is sent and shown of contacts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import Email, LongText, Name, Phone, ShortText, Tag

Role = Literal["decision_maker", "influencer", "user", "buyer", "gatekeeper", "other"]
Tags = Annotated[list[Tag], Meta(max_length=50, title=N_("Tags"))]
ContactName = Annotated[Name, Meta(title=N_("Full name"))]
CustomerRef = Annotated[UUID | None, Meta(title=N_("Customer"), extra={"kind": "ref", "ref": "customer"})]
ContactRef = Annotated[UUID | None, Meta(title=N_("Reports to"), extra={"kind": "ref", "ref": "contact"})]
Owner = Annotated[UUID | None, Meta(title=N_("Owner"), extra={"kind": "member"})]


class ContactIn(msgspec.Struct, kw_only=True):
    """A new contact; without an owner it belongs to whoever creates it."""

    name: ContactName
    customer_id: CustomerRef = None
    position: Annotated[ShortText | None, Meta(title=N_("Job title"))] = None
    department: Annotated[ShortText | None, Meta(title=N_("Department"))] = None
    role: Annotated[Role | None, Meta(title=N_("Role in decisions"))] = None
    mobile: Annotated[Phone | None, Meta(title=N_("Mobile"))] = None
    phone: Annotated[Phone | None, Meta(title=N_("Phone"))] = None
    email: Annotated[Email | None, Meta(title=N_("E-mail"))] = None
    wechat: Annotated[ShortText | None, Meta(title=N_("WeChat"))] = None
    whatsapp: Annotated[Phone | None, Meta(title=N_("WhatsApp"))] = None
    reports_to_id: ContactRef = None
    owner_id: Owner = None
    birthday_on: Annotated[date | None, Meta(title=N_("Birthday"))] = None
    next_follow_up_on: Annotated[date | None, Meta(title=N_("Next follow-up"))] = None
    tags: Tags = msgspec.field(default_factory=list)
    notes: Annotated[LongText | None, Meta(title=N_("Notes"))] = None
    external_id: Annotated[ShortText | None, Meta(title=N_("External ID"))] = None


class ContactPatch(msgspec.Struct, kw_only=True):
    """A change of some fields; what is left out stays."""

    name: ContactName | UnsetType = UNSET
    customer_id: CustomerRef | UnsetType = UNSET
    position: ShortText | UnsetType | None = UNSET
    department: ShortText | UnsetType | None = UNSET
    role: Role | UnsetType | None = UNSET
    mobile: Phone | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    wechat: ShortText | UnsetType | None = UNSET
    whatsapp: Phone | UnsetType | None = UNSET
    reports_to_id: ContactRef | UnsetType = UNSET
    owner_id: Owner | UnsetType = UNSET
    birthday_on: date | UnsetType | None = UNSET
    next_follow_up_on: date | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    notes: LongText | UnsetType | None = UNSET
    external_id: ShortText | UnsetType | None = UNSET


class ContactOut(msgspec.Struct, kw_only=True):
    """A contact as the API shows it."""

    id: UUID
    name: str
    customer_id: UUID | None
    position: str | None
    department: str | None
    role: str | None
    mobile: str | None
    phone: str | None
    email: str | None
    wechat: str | None
    whatsapp: str | None
    reports_to_id: UUID | None
    owner_id: UUID | None
    birthday_on: date | None
    next_follow_up_on: date | None
    last_contacted_at: datetime | None
    tags: list[str]
    notes: str | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int
