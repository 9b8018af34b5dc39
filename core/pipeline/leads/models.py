"""The table of leads."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Entity, Ref, Restrictable

STATUSES = ("new", "contacted", "qualified", "unqualified", "converted")
RATINGS = ("hot", "warm", "cold", "not_interested")


class Lead(Restrictable, Entity, Base):
    """Somebody from a form, a fair or a list; a converted one keeps what it became.

    ``deal_id`` has no foreign key: the deal already points back by its own.
    """

    __tablename__ = "lead"
    __table_args__ = (
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(f"rating in {RATINGS}", name="rating"),
        Index("ix_lead_created", "created_at", "id"),
        Index("ix_lead_owner", "owner_id", "created_at", "id"),
        Index("ix_lead_status", "status", "created_at", "id"),
        Index("ix_lead_next_follow_up", "next_follow_up_on", "id"),
        Index("ix_lead_mobile", "mobile"),
        Index("ix_lead_email", "email"),
        Index("ix_lead_customer", "customer_id", postgresql_where="customer_id is not null"),
        Index("ix_lead_contact", "contact_id", postgresql_where="contact_id is not null"),
    )

    name: Mapped[str]
    company: Mapped[str | None]
    position: Mapped[str | None]
    phone: Mapped[str | None]
    mobile: Mapped[str | None]
    email: Mapped[str | None]
    wechat: Mapped[str | None]
    whatsapp: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    source: Mapped[str | None]
    rating: Mapped[str] = mapped_column(default="warm")
    status: Mapped[str] = mapped_column(default="new")
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    tags: Mapped[list[str]] = mapped_column(JSONB, default=list)
    notes: Mapped[str | None]
    unqualified_reason: Mapped[str | None]
    next_follow_up_on: Mapped[date | None]
    last_contacted_at: Mapped[datetime | None]
    converted_at: Mapped[datetime | None]
    customer_id: Mapped[UUID | None] = mapped_column(Ref("customer"), ForeignKey("customer.id"))
    contact_id: Mapped[UUID | None] = mapped_column(Ref("contact"), ForeignKey("contact.id"))
    deal_id: Mapped[UUID | None] = mapped_column(Ref("deal"))
