"""What happens to contacts."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.kernel.events import Event
from core.kernel.i18n import N_


class ContactCreated(Event, frozen=True, kw_only=True):
    """A contact was entered, imported or made of a lead."""

    name: ClassVar[str] = "contact.created"
    summary: ClassVar[str] = N_("A contact was created")


class ContactUpdated(Event, frozen=True, kw_only=True):
    """Fields of a contact changed."""

    name: ClassVar[str] = "contact.updated"
    summary: ClassVar[str] = N_("A contact was changed")


class ContactDeleted(Event, frozen=True, kw_only=True):
    """A contact was moved to the bin."""

    name: ClassVar[str] = "contact.deleted"
    summary: ClassVar[str] = N_("A contact was deleted")


class ContactRestored(Event, frozen=True, kw_only=True):
    """A contact was taken out of the bin."""

    name: ClassVar[str] = "contact.restored"
    summary: ClassVar[str] = N_("A contact was restored")


class ContactRoleSet(Event, frozen=True, kw_only=True):
    """A contact plays a part at a further customer, or another one than before."""

    name: ClassVar[str] = "contact.role_set"
    summary: ClassVar[str] = N_("A contact plays a part at a further customer")

    customer_id: UUID
    role: str = ""


class ContactRoleRemoved(Event, frozen=True, kw_only=True):
    """A contact plays no part at a further customer any longer."""

    name: ClassVar[str] = "contact.role_removed"
    summary: ClassVar[str] = N_("A contact plays no part at a further customer any longer")

    customer_id: UUID
