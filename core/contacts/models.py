"""Tables of contacts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Entity, Ref, Restrictable, Row

ROLES = ("decision_maker", "influencer", "user", "buyer", "gatekeeper", "other")


class Contact(Restrictable, Entity, Base):
    """A person, mostly at a customer; phones are E.164."""

    __tablename__ = "contact"
    __table_args__ = (
        CheckConstraint(f"role in {ROLES}", name="role"),
        Index("ix_contact_created", "created_at", "id"),
        Index("ix_contact_reports_to", "reports_to_id", postgresql_where="reports_to_id is not null"),
        Index("ix_contact_name", "name", "id"),
        Index("ix_contact_owner", "owner_id", "created_at", "id"),
        Index("ix_contact_customer", "customer_id"),
        Index("ix_contact_mobile", "mobile"),
        Index("ix_contact_email", "email"),
        Index("ix_contact_next_follow_up", "next_follow_up_on", "id"),
    )

    name: Mapped[str]
    customer_id: Mapped[UUID | None] = mapped_column(Ref("customer"), ForeignKey("customer.id"))
    position: Mapped[str | None]
    department: Mapped[str | None]
    role: Mapped[str | None]
    reports_to_id: Mapped[UUID | None] = mapped_column(Ref("contact"), ForeignKey("contact.id"))
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    phone: Mapped[str | None]
    mobile: Mapped[str | None]
    email: Mapped[str | None]
    wechat: Mapped[str | None]
    whatsapp: Mapped[str | None]
    birthday_on: Mapped[date | None]
    tags: Mapped[list[str]] = mapped_column(JSONB, default=list)
    notes: Mapped[str | None]
    next_follow_up_on: Mapped[date | None]
    last_contacted_at: Mapped[datetime | None]


class ContactRole(Row, Base):
    """The part that a contact plays at a further customer."""

    __tablename__ = "contact_role"
    __table_args__ = (
        CheckConstraint(f"role in {ROLES}", name="role"),
        Index("uq_contact_role", "contact_id", "customer_id", unique=True),
        Index("ix_contact_role_customer", "customer_id"),
    )

    contact_id: Mapped[UUID] = mapped_column(Ref("contact"), ForeignKey("contact.id", ondelete="CASCADE"))
    customer_id: Mapped[UUID] = mapped_column(Ref("customer"), ForeignKey("customer.id", ondelete="CASCADE"))
    role: Mapped[str | None]
    position: Mapped[str | None]
