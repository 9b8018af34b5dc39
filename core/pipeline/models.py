"""Tables of pipelines and deals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Entity, Exact, Ref

STATUSES = ("open", "won", "lost")


class Pipeline(Entity, Base):
    """A way of selling, with stages of its own; a deleted one is archived and has no deals left."""

    __tablename__ = "pipeline"

    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    is_default: Mapped[bool] = mapped_column(default=False)


class Stage(Entity, Base):
    """A step of a pipeline.

    ``probability`` is in percent; ``rotting_days`` is how long a deal may stay before it is called stale;
    ``required_fields`` must be filled before a deal may enter.
    """

    __tablename__ = "stage"
    __table_args__ = (
        Index("ix_stage_pipeline", "pipeline_id", "position"),
        CheckConstraint("probability between 0 and 100", name="probability"),
    )

    pipeline_id: Mapped[UUID] = mapped_column(Ref("pipeline"), ForeignKey("pipeline.id"))
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    probability: Mapped[int] = mapped_column(SmallInteger, default=0)
    rotting_days: Mapped[int | None] = mapped_column(SmallInteger)
    required_fields: Mapped[list[str]] = mapped_column(JSONB, default=list)


class CloseReason(Entity, Base):
    """Why deals are won or lost, in the workspace's own words."""

    __tablename__ = "close_reason"
    __table_args__ = (CheckConstraint("outcome in ('won', 'lost')", name="outcome"),)

    outcome: Mapped[str]
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)


class CurrencyRate(Entity, Base):
    """What one unit of a currency is worth in the workspace's own from a day on."""

    __tablename__ = "currency_rate"
    __table_args__ = (
        CheckConstraint("rate > 0", name="rate"),
        Index(
            "uq_currency_rate_day", "currency", "valid_on", unique=True, postgresql_where="deleted_at is null"
        ),
    )

    currency: Mapped[str]
    valid_on: Mapped[date]
    rate: Mapped[Decimal] = mapped_column(Exact(20, 10))


class Deal(Entity, Base):
    """A chance to sell something.

    Money is in minor units; ``base_amount_minor`` is the amount in the workspace's currency by the rate of
    ``rate_on``. ``rank`` orders the cards of a column, smallest on top.
    """

    __tablename__ = "deal"
    __table_args__ = (
        CheckConstraint(f"status in {STATUSES}", name="status"),
        Index("uq_deal_number", "number", unique=True),
        Index("ix_deal_board", "pipeline_id", "stage_id", "rank", "id", postgresql_where="status = 'open'"),
        Index("ix_deal_created", "created_at", "id"),
        Index("ix_deal_owner", "owner_id", "created_at", "id"),
        Index("ix_deal_customer", "customer_id"),
        Index("ix_deal_contact", "contact_id"),
        Index("ix_deal_stage", "stage_id"),
        Index("ix_deal_lead", "lead_id", postgresql_where="lead_id is not null"),
        Index("ix_deal_close_reason", "close_reason_id", postgresql_where="close_reason_id is not null"),
        Index("ix_deal_expected_close", "expected_close_on", "id"),
        Index("ix_deal_closed", "closed_at"),
    )

    number: Mapped[str]
    name: Mapped[str]
    customer_id: Mapped[UUID | None] = mapped_column(Ref("customer"), ForeignKey("customer.id"))
    contact_id: Mapped[UUID | None] = mapped_column(Ref("contact"), ForeignKey("contact.id"))
    lead_id: Mapped[UUID | None] = mapped_column(Ref("lead"), ForeignKey("lead.id"))
    owner_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    pipeline_id: Mapped[UUID] = mapped_column(Ref("pipeline"), ForeignKey("pipeline.id"))
    stage_id: Mapped[UUID] = mapped_column(Ref("stage"), ForeignKey("stage.id"))
    status: Mapped[str] = mapped_column(default="open")
    amount_minor: Mapped[int | None]
    currency: Mapped[str]
    exchange_rate: Mapped[Decimal | None] = mapped_column(Exact(20, 10))
    rate_on: Mapped[date | None]
    base_amount_minor: Mapped[int | None]
    probability: Mapped[int | None] = mapped_column(SmallInteger)
    expected_close_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    close_reason_id: Mapped[UUID | None] = mapped_column(Ref("close_reason"), ForeignKey("close_reason.id"))
    competitor: Mapped[str | None]
    source: Mapped[str | None]
    stage_entered_at: Mapped[datetime]
    rank: Mapped[Decimal] = mapped_column(Numeric)
    next_follow_up_on: Mapped[date | None]
    last_contacted_at: Mapped[datetime | None]
    tags: Mapped[list[str]] = mapped_column(JSONB, default=list)
    notes: Mapped[str | None]
