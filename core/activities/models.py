"""Tables of activities; what a task has in common with them is ``Linked``."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from core.kernel.db import Base, Entity, Ref

KINDS = ("note", "call", "meeting", "email", "visit", "message")
DIRECTIONS = ("in", "out")


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
    duration_min: Mapped[int | None]
    direction: Mapped[str | None]
    outcome: Mapped[str | None]
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    mentions: Mapped[list[str]] = mapped_column(JSONB, default=list)
