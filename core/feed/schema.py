"""What the feed shows of an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from core.kernel.events import Stored


class ActedBy(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it; a key stands for a member."""

    kind: str
    member_id: UUID | None
    key_id: UUID | None
    name: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Another record that the event concerns."""

    record_type: str
    record_id: UUID


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One event; of one whose person was erased, label, changes and data are empty."""

    position: int
    id: UUID
    name: str
    version: int
    record_type: str
    record_id: UUID
    label: str
    occurred_at: datetime
    actor: ActedBy
    request_id: str
    changes: Mapping[str, Any]
    data: Mapping[str, Any]
    links: list[Link]
    is_erased: bool

    @classmethod
    def of(cls, event: Stored) -> Change:
        """Show a stored event that has its position."""
        actor = event.actor
        return cls(
            position=event.position or 0,
            id=event.id,
            name=event.name,
            version=event.version,
            record_type=event.record_type,
            record_id=event.record_id,
            label=event.label,
            occurred_at=event.occurred_at,
            actor=ActedBy(kind=actor.kind, member_id=actor.member_id, key_id=actor.key_id, name=actor.name),
            request_id=event.request_id,
            changes=event.changes,
            data=event.data,
            links=[Link(record_type=kind, record_id=record_id) for kind, record_id in event.links],
            is_erased=event.is_erased,
        )


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Events behind a position; ``next`` is what to send as ``after``, ``has_more`` whether to do so at once."""

    data: list[Change]
    next: int
    has_more: bool
