"""What happens to pipelines and to what they are made of."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class PipelineCreated(Event, frozen=True, kw_only=True):
    """A pipeline was added."""

    name: ClassVar[str] = "pipeline.created"
    summary: ClassVar[str] = N_("A pipeline was added")


class PipelineUpdated(Event, frozen=True, kw_only=True):
    """A pipeline was renamed, moved or made the default."""

    name: ClassVar[str] = "pipeline.updated"
    summary: ClassVar[str] = N_("A pipeline was changed")


class PipelineArchived(Event, frozen=True, kw_only=True):
    """A pipeline was put away."""

    name: ClassVar[str] = "pipeline.archived"
    summary: ClassVar[str] = N_("A pipeline was archived")


class PipelineRestored(Event, frozen=True, kw_only=True):
    """An archived pipeline is used again."""

    name: ClassVar[str] = "pipeline.restored"
    summary: ClassVar[str] = N_("A pipeline was restored")


class StageCreated(Event, frozen=True, kw_only=True):
    """A stage was added."""

    name: ClassVar[str] = "stage.created"
    summary: ClassVar[str] = N_("A stage was added")


class StageUpdated(Event, frozen=True, kw_only=True):
    """A stage was changed or moved."""

    name: ClassVar[str] = "stage.updated"
    summary: ClassVar[str] = N_("A stage was changed")


class StageArchived(Event, frozen=True, kw_only=True):
    """A stage was put away."""

    name: ClassVar[str] = "stage.archived"
    summary: ClassVar[str] = N_("A stage was archived")


class StageRestored(Event, frozen=True, kw_only=True):
    """An archived stage is used again."""

    name: ClassVar[str] = "stage.restored"
    summary: ClassVar[str] = N_("A stage was restored")


class CloseReasonSaved(Event, frozen=True, kw_only=True):
    """A close reason was added, changed or restored."""

    name: ClassVar[str] = "close_reason.saved"
    summary: ClassVar[str] = N_("A close reason was saved")


class CloseReasonArchived(Event, frozen=True, kw_only=True):
    """A close reason is no longer offered."""

    name: ClassVar[str] = "close_reason.archived"
    summary: ClassVar[str] = N_("A close reason was archived")


class CurrencyRateSet(Event, frozen=True, kw_only=True):
    """A rate was entered, corrected or restored."""

    name: ClassVar[str] = "currency_rate.set"
    summary: ClassVar[str] = N_("An exchange rate was set")


class CurrencyRateDeleted(Event, frozen=True, kw_only=True):
    """A rate was taken away."""

    name: ClassVar[str] = "currency_rate.deleted"
    summary: ClassVar[str] = N_("An exchange rate was deleted")
