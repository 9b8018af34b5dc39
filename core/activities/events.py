"""What happens to activities."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class ActivityLogged(Event, frozen=True, kw_only=True):
    """Something was done with a customer, contact, lead or deal; ``links`` name all of them.

    ``next_follow_up_on`` is meant for the record that the activity is about first: deal, lead, contact, customer.
    """

    name: ClassVar[str] = "activity.logged"
    summary: ClassVar[str] = N_("A follow-up was logged")

    kind: str = "note"
    occurred_at: datetime | None = None
    outcome: str | None = None
    next_follow_up_on: date | None = None


class ActivityUpdated(Event, frozen=True, kw_only=True):
    """A logged activity was corrected."""

    name: ClassVar[str] = "activity.updated"
    summary: ClassVar[str] = N_("A follow-up was changed")


class ActivityDeleted(Event, frozen=True, kw_only=True):
    """A logged activity was moved to the bin."""

    name: ClassVar[str] = "activity.deleted"
    summary: ClassVar[str] = N_("A follow-up was deleted")


class ActivityRestored(Event, frozen=True, kw_only=True):
    """A logged activity was taken out of the bin."""

    name: ClassVar[str] = "activity.restored"
    summary: ClassVar[str] = N_("A follow-up was restored")
