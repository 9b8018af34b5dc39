"""What happens to leads."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.kernel.events import Event
from core.kernel.i18n import N_


class LeadCreated(Event, frozen=True, kw_only=True):
    """A lead was entered, imported or came through a form."""

    name: ClassVar[str] = "lead.created"
    summary: ClassVar[str] = N_("A lead was created")


class LeadUpdated(Event, frozen=True, kw_only=True):
    """Fields of a lead changed."""

    name: ClassVar[str] = "lead.updated"
    summary: ClassVar[str] = N_("A lead was changed")


class LeadConverted(Event, frozen=True, kw_only=True):
    """A lead became a customer and a contact, and perhaps a deal."""

    name: ClassVar[str] = "lead.converted"
    summary: ClassVar[str] = N_("A lead was converted")

    customer_id: UUID
    contact_id: UUID
    deal_id: UUID | None = None


class LeadDeleted(Event, frozen=True, kw_only=True):
    """A lead was moved to the bin."""

    name: ClassVar[str] = "lead.deleted"
    summary: ClassVar[str] = N_("A lead was deleted")


class LeadRestored(Event, frozen=True, kw_only=True):
    """A lead was taken out of the bin."""

    name: ClassVar[str] = "lead.restored"
    summary: ClassVar[str] = N_("A lead was restored")
