"""What is sent and shown of what belongs to customers: classes, further addresses, relations, merging."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import Country, LongText, Name, ShortText

RelationKind = Literal[
    "parent_of", "agent_of", "supplier_of", "referred", "partner_of", "competitor_of", "related_to"
]
RELATIONS: dict[str, tuple[str, str]] = {
    "parent_of": (N_("Parent company of"), N_("Subsidiary of")),
    "agent_of": (N_("Agent of"), N_("Represented by")),
    "supplier_of": (N_("Supplier of"), N_("Buys from")),
    "referred": (N_("Referred"), N_("Referred by")),
    "partner_of": (N_("Partner of"), N_("Partner of")),
    "competitor_of": (N_("Competitor of"), N_("Competitor of")),
    "related_to": (N_("Related to"), N_("Related to")),
}
"""What a relation is called from its customer, and from the other one."""

ParentRef = Annotated[
    UUID | None, Meta(title=N_("Parent class"), extra={"kind": "ref", "ref": "customer_class"})
]
Position = Annotated[int, Meta(ge=0, le=10_000, title=N_("Order"))]
CustomerRef = Annotated[UUID, Meta(title=N_("Customer"), extra={"kind": "ref", "ref": "customer"})]


class ClassIn(msgspec.Struct, kw_only=True):
    """A new class of customers."""

    name: Annotated[Name, Meta(title=N_("Name"))]
    parent_id: ParentRef = None
    position: Position = 0
    external_id: Annotated[ShortText | None, Meta(title=N_("External ID"))] = None


class ClassPatch(msgspec.Struct, kw_only=True):
    """A change of a class."""

    name: Annotated[Name, Meta(title=N_("Name"))] | UnsetType = UNSET
    parent_id: ParentRef | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    external_id: ShortText | UnsetType | None = UNSET


class ClassOut(msgspec.Struct, kw_only=True):
    """A class as the API shows it; ``title`` names all above it as well."""

    id: UUID
    name: str
    title: str
    parent_id: UUID | None
    position: int
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class AddressIn(msgspec.Struct, kw_only=True):
    """A further address of a customer."""

    label: Annotated[Name, Meta(title=N_("Label"), description=N_("Works, warehouse, invoice address …"))]
    street: Annotated[ShortText | None, Meta(title=N_("Street"))] = None
    city: Annotated[ShortText | None, Meta(title=N_("City"))] = None
    region: Annotated[ShortText | None, Meta(title=N_("Province or state"))] = None
    postal_code: Annotated[ShortText | None, Meta(title=N_("Postal code"))] = None
    country: Annotated[Country | None, Meta(title=N_("Country"))] = None
    notes: Annotated[LongText | None, Meta(title=N_("Notes"))] = None


class AddressPatch(msgspec.Struct, kw_only=True):
    """A change of a further address."""

    label: Name | UnsetType = UNSET
    street: ShortText | UnsetType | None = UNSET
    city: ShortText | UnsetType | None = UNSET
    region: ShortText | UnsetType | None = UNSET
    postal_code: ShortText | UnsetType | None = UNSET
    country: Country | UnsetType | None = UNSET
    notes: LongText | UnsetType | None = UNSET


class AddressOut(msgspec.Struct, kw_only=True):
    """A further address as the API shows it."""

    id: UUID
    customer_id: UUID
    label: str
    street: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None
    notes: str | None
    version: int


class AddressList(msgspec.Struct):
    """All further addresses of a customer."""

    data: list[AddressOut]


class RelationIn(msgspec.Struct, kw_only=True):
    """A link from a customer to another; ``inverse`` reads it from the other: a subsidiary names its parent."""

    kind: Annotated[RelationKind, Meta(title=N_("Relation"))]
    other_id: CustomerRef
    inverse: bool = False


class RelationOut(msgspec.Struct, kw_only=True):
    """A relation as one of its two customers sees it; ``inverse`` where it was entered at the other."""

    id: UUID
    kind: str
    inverse: bool
    title: str
    other_id: UUID
    other_name: str


class RelationList(msgspec.Struct):
    """All relations of a customer, of both directions."""

    data: list[RelationOut]


class MergeIn(msgspec.Struct, kw_only=True):
    """Which customer is merged into this one, and whose fields replace this one's."""

    source_id: Annotated[CustomerRef, Meta(title=N_("Merge this customer"))]
    take: list[str] = msgspec.field(default_factory=list)
