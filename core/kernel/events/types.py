"""The shapes of events: what a module emits, and what is read back.

Owns ``Event`` and its stored counterpart. Emits nothing. Never touches a database.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self
from uuid import UUID

import msgspec


class HasActor(Protocol):
    """What a transaction's actor has that events and jobs remember."""

    @property
    def kind(self) -> str: ...
    @property
    def member_id(self) -> UUID | None: ...
    @property
    def key_id(self) -> UUID | None: ...
    @property
    def name(self) -> str: ...
    @property
    def grants(self) -> Mapping[str, str]: ...


class ActorRef(msgspec.Struct, frozen=True, kw_only=True):
    """Who did it, as far as events and jobs remember.

    A member, a key that stands for one, the system, the public. ``grants`` are kept of keys alone: their
    scopes bound what their jobs may do.
    """

    kind: str = "system"
    member_id: UUID | None = None
    key_id: UUID | None = None
    name: str = ""
    grants: Mapping[str, str] = {}

    @classmethod
    def of(cls, actor: HasActor) -> "ActorRef":
        """Remember an actor of a transaction."""
        return cls(
            kind=actor.kind,
            member_id=actor.member_id,
            key_id=actor.key_id,
            name=actor.name,
            grants=dict(actor.grants) if actor.kind == "key" else {},
        )


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """How an event was recorded: known to subscribers that run after the commit."""

    id: UUID
    occurred_at: datetime
    actor: ActorRef
    request_id: str = ""
    position: int | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to one record.

    Subclasses set ``name`` (``customer.created``) and add fields of their own; ``subject`` names the
    record's type where the name does not begin with it. ``links`` are other records whose timelines show
    the event; ``changes`` maps a field to its values before and after. ``happened_at`` places an event on
    timelines that is told later than it happened. ``meta`` is set on events that are read back, never by
    emitters.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    webhook: ClassVar[bool] = True
    summary: ClassVar[str] = ""
    subject: ClassVar[str] = ""

    subject_id: UUID
    label: str = ""
    links: tuple[tuple[str, UUID], ...] = ()
    changes: dict[str, tuple[Any, Any]] = {}
    happened_at: datetime | None = None
    meta: Meta | None = None

    @classmethod
    def record_type(cls) -> str:
        """The type of the record that it happened to."""
        return cls.subject or cls.name.partition(".")[0]

    def data(self) -> dict[str, Any]:
        """The fields that the subclass added, as JSON values."""
        added = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _BASE_FIELDS}
        plain: dict[str, Any] = msgspec.to_builtins(added)
        return plain

    @classmethod
    def load(cls, stored: "Stored") -> Self:
        """Give the struct of a stored event; fields that this version no longer has are dropped."""
        plain = {
            **stored.data,
            "subject_id": stored.record_id,
            "label": stored.label,
            "links": stored.links,
            "changes": stored.changes,
        }
        return msgspec.structs.replace(msgspec.convert(plain, cls), meta=stored.meta())


_BASE_FIELDS = frozenset(field.name for field in msgspec.structs.fields(Event))


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it was written; an erased one has no label, changes or data left."""

    id: UUID
    name: str
    version: int
    record_type: str
    record_id: UUID
    occurred_at: datetime
    actor: ActorRef
    request_id: str = ""
    position: int | None = None
    label: str = ""
    changes: Mapping[str, Any] = {}
    data: Mapping[str, Any] = {}
    links: tuple[tuple[str, UUID], ...] = ()
    is_erased: bool = False

    def meta(self) -> Meta:
        """What subscribers learn beside the event's own fields."""
        return Meta(
            id=self.id,
            occurred_at=self.occurred_at,
            actor=self.actor,
            request_id=self.request_id,
            position=self.position,
        )
