"""What happens to customers."""

from __future__ import annotations

from typing import ClassVar

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
