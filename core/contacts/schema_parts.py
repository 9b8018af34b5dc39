"""What is sent and shown of contacts' parts at further customers, and of a customer's organisation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from core.contacts.schema import Role
from core.kernel.i18n import N_
from core.kernel.types import ShortText


class RoleIn(msgspec.Struct, kw_only=True):
    """The part of a contact at a further customer; another at the same replaces it."""

    customer_id: Annotated[UUID, Meta(title=N_("Customer"), extra={"kind": "ref", "ref": "customer"})]
    role: Annotated[Role | None, Meta(title=N_("Role in decisions"))] = None
    position: Annotated[ShortText | None, Meta(title=N_("Job title"))] = None


class RoleOut(msgspec.Struct, kw_only=True):
    """The part of a contact at a further customer."""

    customer_id: UUID
    customer_name: str
    role: str | None
    position: str | None


class RoleList(msgspec.Struct):
    """All parts of a contact at further customers that one may see."""

    data: list[RoleOut]


class Seat(msgspec.Struct, kw_only=True):
    """A contact's place in an organisation; ``is_guest`` where the contact belongs to another customer."""

    id: UUID
    name: str
    position: str | None
    role: str | None
    mobile: str | None
    email: str | None
    reports_to_id: UUID | None
    is_guest: bool = False


class Department(msgspec.Struct, kw_only=True):
    """A department with its people, and how deep it lies; '' is no department at all."""

    name: str
    path: str
    depth: int
    seats: list[Seat]


class Organisation(msgspec.Struct):
    """The departments of a customer, each before those within it."""

    data: list[Department]
