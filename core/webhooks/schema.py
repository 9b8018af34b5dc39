"""What is sent and shown of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import ShortText, Url
from core.webhooks.conditions import Condition

Address = Annotated[Url, Meta(title=N_("URL"))]
Names = Annotated[list[ShortText], Meta(max_length=200)]
Conditions = Annotated[list[Condition], Meta(max_length=10)]


class EndpointIn(msgspec.Struct, kw_only=True):
    """A webhook to make; ``events`` are names like ``deal.won``, families like ``deal.*``, or ``*``."""

    url: Address
    description: ShortText = ""
    events: Names = msgspec.field(default_factory=lambda: ["*"])
    conditions: Conditions = []


class EndpointPatch(msgspec.Struct, kw_only=True):
    """What to change of a webhook."""

    url: Address | UnsetType = UNSET
    description: ShortText | UnsetType = UNSET
    events: Names | UnsetType = UNSET
    conditions: Conditions | UnsetType = UNSET


class EndpointForm(msgspec.Struct, kw_only=True):
    """A webhook as people enter it: conditions one in a line."""

    url: Address
    description: Annotated[ShortText, Meta(title=N_("Description"))] = ""
    events: Names = []
    conditions: Annotated[str, Meta(title=N_("Only if"), max_length=2000, extra={"kind": "longtext"})] = ""


class EndpointOut(msgspec.Struct, kw_only=True):
    """A webhook; its secret is told once, when it is made. One that is ``kept_at`` another page is changed there."""

    id: UUID
    url: str
    description: str
    events: list[str]
    conditions: list[Condition]
    member_id: UUID
    kept_at: str
    state: Literal["active", "paused"]
    paused_reason: str
    paused_at: datetime | None
    old_secret_until: datetime | None
    failing_since: datetime | None
    last_success_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class EndpointMade(EndpointOut, kw_only=True):
    """A webhook with the secret that signs for it: the one time that it is told."""

    secret: str


class EndpointList(msgspec.Struct, kw_only=True):
    """All webhooks of the workspace."""

    data: list[EndpointOut]


class RotateIn(msgspec.Struct, kw_only=True):
    """For how many hours the present secret goes on to sign beside the new one."""

    overlap_hours: Annotated[int, Meta(ge=0, le=168)] = 24


class ResumeIn(msgspec.Struct, kw_only=True):
    """What becomes of what happened while it was paused."""

    backlog: Literal["send", "skip"] = "send"


class TryIn(msgspec.Struct, kw_only=True):
    """Which event to try, made up; left out, each that is chosen, up to thirty."""

    event: ShortText = ""


class ResendIn(msgspec.Struct, kw_only=True):
    """Which deliveries to send again: those made between two instants, only the failed ones or all."""

    since: datetime
    until: datetime | None = None
    which: Literal["failed", "all"] = "failed"


class ResendForm(msgspec.Struct, kw_only=True):
    """The same by days, as people enter it; the last one is meant as well."""

    since: Annotated[date, Meta(title=N_("Made since"))]
    until: Annotated[date, Meta(title=N_("Made until"))] | None = None
    which: Literal["failed", "all"] = "failed"


class DeliveryOut(msgspec.Struct, kw_only=True):
    """What was or is to be told; ``message_id`` is sent as ``webhook-id`` and stays the same at every try."""

    id: UUID
    endpoint_id: UUID
    message_id: UUID
    event_name: str
    label: str
    is_test: bool
    state: Literal["pending", "held", "delivered", "failed", "skipped"]
    tries: int
    next_at: datetime | None
    last_status: int | None
    last_error: str
    delivered_at: datetime | None
    created_at: datetime


class AttemptOut(msgspec.Struct, kw_only=True):
    """One try: where to and with which headers, signature included, and its answer, cut after 4 KB."""

    at: datetime
    url: str
    request_headers: Mapping[str, str]
    duration_ms: int
    status: int | None
    error: str
    headers: Mapping[str, str]
    body: str


class DeliveryDetail(DeliveryOut, kw_only=True):
    """A delivery with what is sent and every try; ``request`` is None where nothing of the event is left."""

    request: Any
    attempts: list[AttemptOut]


class DeliveryList(msgspec.Struct, kw_only=True):
    """A page of the log, newest first; ``next`` is what to send as ``after``."""

    data: list[DeliveryOut]
    next: str | None = None


class EventType(msgspec.Struct, kw_only=True):
    """An event that can be chosen."""

    name: str
    title: str


class EventTypeList(msgspec.Struct, kw_only=True):
    """The events that can be chosen."""

    data: list[EventType]


class Queued(msgspec.Struct, kw_only=True):
    """A job that was queued."""

    job_id: UUID


class DeliveriesMade(msgspec.Struct, kw_only=True):
    """Deliveries that were made."""

    data: list[DeliveryOut]
