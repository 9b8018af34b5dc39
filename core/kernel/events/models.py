"""Tables of events, in every tenant's schema.

Append-only: tenants may add and read, and nothing else; positions are written by the relay alone, and
bodies are blanked by the worker's role when a person is erased. There are no foreign keys between these
tables: one statement writes them all, and the checks would cost more than the rows.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, PrimaryKeyConstraint, UniqueConstraint

from core.kernel.db import Base, Mapped, mapped_column

APPEND_ONLY = {"grants": "SELECT, INSERT"}


class EventRow(Base):
    """That something happened: to which record, when, by whom; ``digest`` vouches for the body."""

    __tablename__ = "event"
    __table_args__ = ({"info": APPEND_ONLY},)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(Integer())
    record_type: Mapped[str]
    record_id: Mapped[UUID]
    actor_kind: Mapped[str]
    member_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    request_id: Mapped[str]
    occurred_at: Mapped[datetime]
    digest: Mapped[bytes]


class EventBody(Base):
    """The values of an event and the salt of its digest; personal data, so erasable."""

    __tablename__ = "event_body"
    __table_args__ = ({"info": {**APPEND_ONLY, "worker_grants": "SELECT, UPDATE"}},)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    salt: Mapped[bytes | None]
    label: Mapped[str | None]
    actor_name: Mapped[str | None]
    changes: Mapped[dict[str, Any] | None]
    data: Mapped[dict[str, Any] | None]
    links: Mapped[list[Any] | None]
    erased_at: Mapped[datetime | None]


class EventLink(Base):
    """A record on whose timeline the event stands; the subject is one of them.

    ``event_name`` lets a timeline be narrowed to some kinds without reading the events.
    """

    __tablename__ = "event_link"
    __table_args__ = (
        PrimaryKeyConstraint("record_type", "record_id", "occurred_at", "event_id"),
        {"info": APPEND_ONLY},
    )

    record_type: Mapped[str]
    record_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
    event_id: Mapped[UUID]
    event_name: Mapped[str]


class EventPosition(Base):
    """The place of a committed event in the tenant's order: dense, from 1, given by the relay."""

    __tablename__ = "event_position"
    __table_args__ = (
        UniqueConstraint("event_id"),
        {"info": {"grants": "SELECT", "worker_grants": "SELECT, INSERT"}},
    )

    position: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    event_id: Mapped[UUID]


class EventListener(Base):
    """That a subscriber of all events wants those of this tenant now; the relay asks here, and asks no other.

    Its row is locked by whoever begins or ends to listen, so that the last to leave does not shut out a newcomer.
    """

    __tablename__ = "event_listener"
    __table_args__ = ({"info": {"worker_grants": "SELECT"}},)

    subscriber: Mapped[str] = mapped_column(primary_key=True)


class Handled(Base):
    """That a step took effect, written in the step's own transaction.

    ``source_id`` is the event or the job run; ``state`` is what the job remembered after its ``seq``-th step.
    """

    __tablename__ = "handled"
    __table_args__ = (
        PrimaryKeyConstraint("source_id", "subscriber", "step"),
        Index("ix_handled_handled_at", "handled_at"),
        {"info": {"grants": "SELECT, INSERT, DELETE", "worker_grants": "SELECT, DELETE"}},
    )

    source_id: Mapped[UUID]
    subscriber: Mapped[str]
    step: Mapped[str]
    seq: Mapped[int] = mapped_column(Integer())
    state: Mapped[dict[str, Any] | None]
    handled_at: Mapped[datetime]
