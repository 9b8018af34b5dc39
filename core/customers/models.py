"""Tables of customers."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Entity, Ref, Restrictable, Row

KINDS = ("company", "person")
STAGES = ("potential", "intending", "user", "loyal", "high_value")


class CustomerClass(Entity, Base):
    """A node of the classification tree.

    ``path`` lists the ids from the root to itself, between slashes; ``title`` the names of the same.
    """

    __tablename__ = "customer_class"
    __table_args__ = (
        Index(
            "uq_customer_class_sibling",
            "parent_id",
            "name",
            unique=True,
            postgresql_where="deleted_at IS NULL",
            postgresql_nulls_not_distinct=True,
        ),
    )

    parent_id: Mapped[UUID | None] = mapped_column(Ref("customer_class"), ForeignKey("customer_class.id"))
    name: Mapped[str]
    title: Mapped[str]
    path: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)


class Customer(Restrictable, Entity, Base):
    """A company or a person; ``number`` is issued on creation and never changes.

    ``name_key`` is the name without legal form and city, for finding duplicates. Phones are E.164.
    """

    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint(f"stage in {STAGES}", name="stage"),
        Index("uq_customer_number", "number", unique=True),
        Index("ix_customer_created", "created_at", "id"),
        Index("ix_customer_name", "name", "id"),
        Index("ix_customer_owner", "owner_id", "created_at", "id"),
        Index("ix_customer_next_follow_up", "next_follow_up_on", "id"),
        Index("ix_customer_name_key", "name_key"),
        Index("ix_customer_phone", "phone"),
        Index("ix_customer_mobile", "mobile"),
        Index("ix_customer_email", "email"),
        Index("ix_customer_class", "class_id"),
        Index("ix_customer_merged_into", "merged_into_id", postgresql_where="merged_into_id is not null"),
        Index("ix_customer_tags", "tags", postgresql_using="gin"),
    )

    number: Mapped[str]
    kind: Mapped[str] = mapped_column(default="company")
    name: Mapped[str]
    name_key: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    class_id: Mapped[UUID | None] = mapped_column(Ref("customer_class"), ForeignKey("customer_class.id"))
    stage: Mapped[str] = mapped_column(default="potential")
    source: Mapped[str | None]
    industry: Mapped[str | None]
    staff_count: Mapped[int | None]
    website: Mapped[str | None]
    phone: Mapped[str | None]
    mobile: Mapped[str | None]
    email: Mapped[str | None]
    wechat: Mapped[str | None]
    whatsapp: Mapped[str | None]
    country: Mapped[str | None]
    region: Mapped[str | None]
    city: Mapped[str | None]
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    birthday_on: Mapped[date | None]
    founded_on: Mapped[date | None]
    tags: Mapped[list[str]] = mapped_column(JSONB, default=list)
    notes: Mapped[str | None]
    next_follow_up_on: Mapped[date | None]
    last_contacted_at: Mapped[datetime | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(
        Ref("customer"), ForeignKey("customer.id"), info={"leads_on": True}
    )


class CustomerAddress(Row, Base):
    """A further address of a customer: a works, a warehouse, a home."""

    __tablename__ = "customer_address"
    __table_args__ = (Index("ix_customer_address_customer", "customer_id"),)

    customer_id: Mapped[UUID] = mapped_column(Ref("customer"), ForeignKey("customer.id", ondelete="CASCADE"))
    label: Mapped[str]
    country: Mapped[str | None]
    region: Mapped[str | None]
    city: Mapped[str | None]
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    notes: Mapped[str | None]


class CustomerRelation(Row, Base):
    """A typed link from one customer to another: parent company, agent of, refers."""

    __tablename__ = "customer_relation"
    __table_args__ = (
        Index("uq_customer_relation", "customer_id", "other_id", "kind", unique=True),
        Index("ix_customer_relation_other", "other_id"),
    )

    customer_id: Mapped[UUID] = mapped_column(Ref("customer"), ForeignKey("customer.id", ondelete="CASCADE"))
    other_id: Mapped[UUID] = mapped_column(Ref("customer"), ForeignKey("customer.id", ondelete="CASCADE"))
    kind: Mapped[str]
