"""Shapes of hand-overs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.kernel.i18n import N_

JOB: Final = "members.hand_over"
Keys = Literal["keep", "revoke", "transfer"]


class HandOverParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which hand-over to carry out."""

    hand_over_id: UUID


class HandOverIn(msgspec.Struct, kw_only=True):
    """To whom everything goes; None leaves it without an owner. ``deactivate`` closes the workspace as well."""

    to_id: Annotated[UUID, Meta(title=N_("Successor"), extra={"kind": "member"})] | None = None
    keys: Keys = "keep"
    deactivate: bool = False


class HandOverOut(msgspec.Struct, kw_only=True):
    """How a hand-over went; ``moved`` and ``failed`` count records by kind."""

    id: UUID
    from_id: UUID | None
    to_id: UUID | None
    by_id: UUID | None
    undoes_id: UUID | None
    keys: str
    job_id: UUID | None
    moved: Mapping[str, int]
    failed: Mapping[str, int]
    created_at: datetime
    finished_at: datetime | None


class HoldingOut(msgspec.Struct, kw_only=True):
    """How much of one kind somebody owns."""

    key: str
    title: str
    count: int


class Holdings(msgspec.Struct):
    """All that somebody owns."""

    data: list[HoldingOut]
