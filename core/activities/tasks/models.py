"""The table of tasks and appointments."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.activities.models import Linked
from core.kernel.db import Base, Entity, Ref

PRIORITIES = ("low", "normal", "high")


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
