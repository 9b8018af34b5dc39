"""What is sent and shown of customers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import Country, Email, LongText, Name, Phone, ShortText, Tag, Url

Kind = Literal["company", "person"]
Stage = Literal["potential", "intending", "user", "loyal", "high_value"]
Tags = Annotated[list[Tag], Meta(max_length=50, title=N_("Tags"))]
CustomerName = Annotated[Name, Meta(title=N_("Name"))]


class CustomerIn(msgspec.Struct, kw_only=True):
    """A new customer; without an owner it belongs to whoever creates it."""

    name: CustomerName
    kind: Annotated[Kind, Meta(title=N_("Kind"))] = "company"
    owner_id: Annotated[UUID | None, Meta(title=N_("Owner"), extra={"kind": "member"})] = None
    class_id: Annotated[
        UUID | None, Meta(title=N_("Class"), extra={"kind": "ref", "ref": "customer_class"})
    ] = None
    stage: Annotated[Stage, Meta(title=N_("Lifecycle stage"))] = "potential"
    phone: Annotated[Phone | None, Meta(title=N_("Phone"))] = None
    mobile: Annotated[Phone | None, Meta(title=N_("Mobile"))] = None
    email: Annotated[Email | None, Meta(title=N_("E-mail"))] = None
    wechat: Annotated[ShortText | None, Meta(title=N_("WeChat"))] = None
    whatsapp: Annotated[Phone | None, Meta(title=N_("WhatsApp"))] = None
    website: Annotated[Url | None, Meta(title=N_("Website"))] = None
    industry: Annotated[ShortText | None, Meta(title=N_("Industry"))] = None
    staff_count: Annotated[int, Meta(ge=0, le=100_000_000, title=N_("Staff"))] | None = None
    source: Annotated[ShortText | None, Meta(title=N_("Source"))] = None
    country: Annotated[Country | None, Meta(title=N_("Country"))] = None
    region: Annotated[ShortText | None, Meta(title=N_("Province or state"))] = None
    city: Annotated[ShortText | None, Meta(title=N_("City"))] = None
    street: Annotated[ShortText | None, Meta(title=N_("Street"))] = None
    postal_code: Annotated[ShortText | None, Meta(title=N_("Postal code"))] = None
    birthday_on: Annotated[date | None, Meta(title=N_("Birthday"))] = None
    founded_on: Annotated[date | None, Meta(title=N_("Founded on"))] = None
    next_follow_up_on: Annotated[date | None, Meta(title=N_("Next follow-up"))] = None
    tags: Tags = msgspec.field(default_factory=list)
    notes: Annotated[LongText | None, Meta(title=N_("Notes"))] = None
    external_id: Annotated[ShortText | None, Meta(title=N_("External ID"))] = None


class CustomerPatch(msgspec.Struct, kw_only=True):
    """A change of some fields; what is left out stays."""

    name: CustomerName | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    owner_id: Annotated[UUID | None, Meta(extra={"kind": "member"})] | UnsetType = UNSET
    class_id: Annotated[UUID | None, Meta(extra={"kind": "ref", "ref": "customer_class"})] | UnsetType = UNSET
    stage: Stage | UnsetType = UNSET
    phone: Phone | UnsetType | None = UNSET
    mobile: Phone | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    wechat: ShortText | UnsetType | None = UNSET
    whatsapp: Phone | UnsetType | None = UNSET
    website: Url | UnsetType | None = UNSET
    industry: ShortText | UnsetType | None = UNSET
    staff_count: Annotated[int, Meta(ge=0, le=100000000)] | UnsetType | None = UNSET
    source: ShortText | UnsetType | None = UNSET
    country: Country | UnsetType | None = UNSET
    region: ShortText | UnsetType | None = UNSET
    city: ShortText | UnsetType | None = UNSET
    street: ShortText | UnsetType | None = UNSET
    postal_code: ShortText | UnsetType | None = UNSET
    birthday_on: date | UnsetType | None = UNSET
    founded_on: date | UnsetType | None = UNSET
    next_follow_up_on: date | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    notes: LongText | UnsetType | None = UNSET
    external_id: ShortText | UnsetType | None = UNSET


class CustomerOut(msgspec.Struct, kw_only=True):
    """A customer as the API shows it."""

    id: UUID
    number: str
    kind: str
    name: str
    owner_id: UUID | None
    class_id: UUID | None
    stage: str
    phone: str | None
    mobile: str | None
    email: str | None
    wechat: str | None
    whatsapp: str | None
    website: str | None
    industry: str | None
    staff_count: int | None
    source: str | None
    country: str | None
    region: str | None
    city: str | None
    street: str | None
    postal_code: str | None
    birthday_on: date | None
    founded_on: date | None
    next_follow_up_on: date | None
    last_contacted_at: datetime | None
    tags: list[str]
    notes: str | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int
