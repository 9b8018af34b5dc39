"""What is sent and shown of API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from core.kernel.i18n import N_
from core.kernel.types import Name

DAYS = ((30, N_("30 days")), (90, N_("90 days")), (180, N_("180 days")), (365, N_("1 year")))
OVERLAPS = ((0, N_("At once")), (1, N_("1 hour")), (24, N_("1 day")), (168, N_("7 days")))


class KeyForm(msgspec.Struct, kw_only=True):
    """The form of a new key without its scopes; ``days`` until it expires, None for never."""

    name: Annotated[Name, msgspec.Meta(title=N_("Name"))]
    mode: Annotated[Literal["live", "test"], msgspec.Meta(title=N_("Kind"))] = "live"
    days: Annotated[int, msgspec.Meta(title=N_("Expires after"), ge=1, le=3650)] | None = None
    everything: Literal["read", "write"] | None = None


class RotateForm(msgspec.Struct, kw_only=True):
    """How many hours the old key goes on working."""

    hours: Annotated[int, msgspec.Meta(title=N_("The old key works for"), ge=0, le=168)] = 24


class KeyOut(msgspec.Struct, kw_only=True):
    """A key as the API shows it; its text is shown once, when it is made, and to nobody else."""

    id: UUID
    name: str
    mode: str
    hint: str
    scopes: list[str]
    member_id: UUID
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyList(msgspec.Struct, kw_only=True):
    """The keys of a workspace, newest first."""

    data: list[KeyOut]


class RequestOut(msgspec.Struct, kw_only=True):
    """A request that a key made; ``route`` is the template of its address."""

    id: UUID
    at: datetime
    method: str
    route: str
    status: int
    ms: int
    request_id: str
    address: str


class RequestList(msgspec.Struct, kw_only=True):
    """A page of requests, the latest first; ``next`` is the value of ``after`` for the next page."""

    data: list[RequestOut]
    next: UUID | None
