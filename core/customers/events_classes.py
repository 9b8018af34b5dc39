"""What happens to the classification tree."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class ClassCreated(Event, frozen=True, kw_only=True):
    """A class was added to the tree."""

    name: ClassVar[str] = "customer_class.created"
    summary: ClassVar[str] = N_("A class of customers was added")


class ClassUpdated(Event, frozen=True, kw_only=True):
    """A class was renamed or moved."""

    name: ClassVar[str] = "customer_class.updated"
    summary: ClassVar[str] = N_("A class of customers was changed")


class ClassDeleted(Event, frozen=True, kw_only=True):
    """A class was removed."""

    name: ClassVar[str] = "customer_class.deleted"
    summary: ClassVar[str] = N_("A class of customers was removed")


class ClassRestored(Event, frozen=True, kw_only=True):
    """A removed class was brought back."""

    name: ClassVar[str] = "customer_class.restored"
    summary: ClassVar[str] = N_("A class of customers was brought back")
