"""What happens to people's data. No event names the person: it would have to be erased itself."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class DataRequested(Event, frozen=True, kw_only=True):
    """Somebody's data are to be exported, restricted or erased."""

    name: ClassVar[str] = "data_request.created"
    summary: ClassVar[str] = N_("A request about personal data was taken up")

    kind: str


class DataRequestFinished(Event, frozen=True, kw_only=True):
    """Somebody's data were exported, restricted or erased: ``about`` which record, ``rows`` how many there were."""

    name: ClassVar[str] = "data_request.finished"
    summary: ClassVar[str] = N_("A request about personal data was carried out")

    kind: str
    about: str
    rows: int


class RestrictionLifted(Event, frozen=True, kw_only=True):
    """Somebody's data may be used again."""

    name: ClassVar[str] = "data_request.lifted"
    summary: ClassVar[str] = N_("The restriction of personal data was lifted")

    kind: str
