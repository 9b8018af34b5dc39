"""What happens to customers."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.kernel.events import Event
from core.kernel.i18n import N_


class CustomerCreated(Event, frozen=True, kw_only=True):
    """A customer was entered, imported or made of a lead."""

    name: ClassVar[str] = "customer.created"
    summary: ClassVar[str] = N_("A customer was created")

    number: str = ""


class CustomerUpdated(Event, frozen=True, kw_only=True):
    """Fields of a customer changed."""

    name: ClassVar[str] = "customer.updated"
    summary: ClassVar[str] = N_("A customer was changed")


class CustomerDeleted(Event, frozen=True, kw_only=True):
    """A customer was moved to the bin."""

    name: ClassVar[str] = "customer.deleted"
    summary: ClassVar[str] = N_("A customer was deleted")


class CustomerRestored(Event, frozen=True, kw_only=True):
    """A customer was taken out of the bin."""

    name: ClassVar[str] = "customer.restored"
    summary: ClassVar[str] = N_("A customer was restored")


class CustomerMerged(Event, frozen=True, kw_only=True):
    """Another customer was merged into this one; ``changes`` are the values that it took over."""

    name: ClassVar[str] = "customer.merged"
    summary: ClassVar[str] = N_("Another customer was merged into this one")

    merged_id: UUID
    merged_name: str = ""
    merged_number: str = ""


class AddressAdded(Event, frozen=True, kw_only=True):
    """A customer got a further address."""

    name: ClassVar[str] = "customer.address_added"
    summary: ClassVar[str] = N_("A further address was added")


class AddressChanged(Event, frozen=True, kw_only=True):
    """A further address of a customer changed."""

    name: ClassVar[str] = "customer.address_changed"
    summary: ClassVar[str] = N_("A further address was changed")


class AddressRemoved(Event, frozen=True, kw_only=True):
    """A further address of a customer was removed."""

    name: ClassVar[str] = "customer.address_removed"
    summary: ClassVar[str] = N_("A further address was removed")


class CustomersRelated(Event, frozen=True, kw_only=True):
    """A customer was linked to another."""

    name: ClassVar[str] = "customer.related"
    summary: ClassVar[str] = N_("A relation to another customer was added")

    other_id: UUID
    kind: str = ""


class CustomersUnrelated(Event, frozen=True, kw_only=True):
    """The link of a customer to another was removed."""

    name: ClassVar[str] = "customer.unrelated"
    summary: ClassVar[str] = N_("A relation to another customer was removed")

    other_id: UUID
    kind: str = ""
