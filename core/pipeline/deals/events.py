"""What happens to deals."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.kernel.events import Event
from core.kernel.i18n import N_


class DealCreated(Event, frozen=True, kw_only=True):
    """A deal was entered, imported or made of a lead."""

    name: ClassVar[str] = "deal.created"
    summary: ClassVar[str] = N_("A deal was created")

    number: str = ""
    amount_minor: int | None = None
    currency: str = ""


class DealUpdated(Event, frozen=True, kw_only=True):
    """Fields of a deal changed."""

    name: ClassVar[str] = "deal.updated"
    summary: ClassVar[str] = N_("A deal was changed")


class DealStageChanged(Event, frozen=True, kw_only=True):
    """A deal went to another stage, perhaps of another pipeline."""

    name: ClassVar[str] = "deal.stage_changed"
    summary: ClassVar[str] = N_("A deal moved to another stage")

    from_stage_id: UUID | None = None
    from_stage: str = ""
    to_stage_id: UUID | None = None
    to_stage: str = ""


class DealWon(Event, frozen=True, kw_only=True):
    """A deal was won."""

    name: ClassVar[str] = "deal.won"
    summary: ClassVar[str] = N_("A deal was won")

    reason: str = ""
    amount_minor: int | None = None
    currency: str = ""


class DealLost(Event, frozen=True, kw_only=True):
    """A deal was lost."""

    name: ClassVar[str] = "deal.lost"
    summary: ClassVar[str] = N_("A deal was lost")

    reason: str = ""
    competitor: str | None = None
    amount_minor: int | None = None
    currency: str = ""


class DealReopened(Event, frozen=True, kw_only=True):
    """A closed deal is worked on again."""

    name: ClassVar[str] = "deal.reopened"
    summary: ClassVar[str] = N_("A deal was reopened")


class DealDeleted(Event, frozen=True, kw_only=True):
    """A deal was moved to the bin."""

    name: ClassVar[str] = "deal.deleted"
    summary: ClassVar[str] = N_("A deal was deleted")


class DealRestored(Event, frozen=True, kw_only=True):
    """A deal was taken out of the bin."""

    name: ClassVar[str] = "deal.restored"
    summary: ClassVar[str] = N_("A deal was restored")
