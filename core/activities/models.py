"""Tables of activities, tasks, files and notifications."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from core.kernel.db import Base, Entity, Ref, Row

KINDS = ("note", "call", "meeting", "email", "visit", "message")
DIRECTIONS = ("in", "out")
PRIORITIES = ("low", "normal", "high")


class Linked:
    """The records that something is about; leads and deals lie above this package, so no foreign key."""

    @declared_attr
    @classmethod
    def customer_id(cls) -> Mapped[UUID | None]:
        """The customer."""
        return mapped_column(Ref("customer"), ForeignKey("customer.id"))

    @declared_attr
    @classmethod
    def contact_id(cls) -> Mapped[UUID | None]:
        """The contact."""
        return mapped_column(Ref("contact"), ForeignKey("contact.id"))

    @declared_attr
    @classmethod
    def lead_id(cls) -> Mapped[UUID | None]:
        """The lead."""
        return mapped_column(Ref("lead"))

    @declared_attr
    @classmethod
    def deal_id(cls) -> Mapped[UUID | None]:
        """The deal."""
        return mapped_column(Ref("deal"))


class Activity(Linked, Entity, Base):
    """A call, meeting, visit, message or note; ``owner_id`` is who did it."""

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint(f"direction in {DIRECTIONS}", name="direction"),
        Index("ix_activity_occurred", "occurred_at", "id"),
        Index("ix_activity_owner", "owner_id", "occurred_at", "id"),
        Index("ix_activity_customer", "customer_id"),
        Index("ix_activity_contact", "contact_id"),
        Index("ix_activity_lead", "lead_id"),
        Index("ix_activity_deal", "deal_id"),
    )

    kind: Mapped[str] = mapped_column(default="note")
    subject: Mapped[str | None]
    body: Mapped[str | None]
    occurred_at: Mapped[datetime]
    duration_s: Mapped[int | None]
    direction: Mapped[str | None]
    outcome: Mapped[str | None]
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    mentions: Mapped[list[str]] = mapped_column(JSONB, default=list)


class Task(Linked, Entity, Base):
    """Something to do, or an appointment where it has a beginning and an end; ``owner_id`` does it."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint(f"priority in {PRIORITIES}", name="priority"),
        CheckConstraint("ends_at is null or ends_at >= starts_at", name="ends_after_start"),
        Index("ix_task_created", "created_at", "id"),
        Index("ix_task_owner_due", "owner_id", "due_on", "id"),
        Index("ix_task_starts", "starts_at"),
        Index("ix_task_remind", "remind_at"),
        Index("ix_task_customer", "customer_id"),
        Index("ix_task_contact", "contact_id"),
        Index("ix_task_lead", "lead_id"),
        Index("ix_task_deal", "deal_id"),
    )

    title: Mapped[str]
    notes: Mapped[str | None]
    due_on: Mapped[date | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    place: Mapped[str | None]
    priority: Mapped[str] = mapped_column(default="normal")
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    remind_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class Attachment(Row, Base):
    """A file on a record; the bytes lie in the tenant's file store under ``key``."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_record", "record_type", "record_id", "created_at"),)

    record_type: Mapped[str]
    record_id: Mapped[UUID]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    key: Mapped[str]
    uploaded_by_id: Mapped[UUID | None] = mapped_column(Ref("member"))


class Notification(Row, Base):
    """A line for one member: mentioned, reminded, given something."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_member", "member_id", "created_at", "id"),)

    member_id: Mapped[UUID] = mapped_column(Ref("member"), ForeignKey("member.id", ondelete="CASCADE"))
    kind: Mapped[str]
    text: Mapped[str]
    url: Mapped[str]
    read_at: Mapped[datetime | None]
