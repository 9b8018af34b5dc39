"""Tables of webhooks: where to, what was to be told, and each try."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row
from core.kernel.i18n import N_

STATES = ("active", "paused")
REASONS = ("manual", "failing", "gone", "rights", "copied")
DELIVERY_STATES = ("pending", "held", "delivered", "failed", "skipped")


class Endpoint(Row, Base):
    """A place that wants to know.

    It is told what ``member_id`` may see, within ``bounds`` where a key made it: whoever changes it answers for it
    from then on. ``old_secret`` signs as well until its time is over. ``sender_id`` is the job that sends now, while
    ``sender_until`` lies ahead; ``wake_at`` when the next one is due. ``failures`` counts calls without success since
    ``failing_since``; after many it is left alone until ``rest_until``. One that belongs to something else is
    changed on its page ``kept_at``, relative to the workspace.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint(f"paused_reason in {('', *REASONS)}", name="paused_reason"),
        {"info": {"title": N_("Webhooks")}},
    )

    url: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    events: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    member_id: Mapped[UUID] = mapped_column(
        Ref("member"), ForeignKey("member.id"), info={"eyes": column("kept_at") == ""}
    )
    bounds: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    kept_at: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="active")
    paused_reason: Mapped[str] = mapped_column(default="")
    paused_at: Mapped[datetime | None]
    secret: Mapped[str]
    old_secret: Mapped[str | None]
    old_secret_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer(), default=0)
    last_success_at: Mapped[datetime | None]
    sender_id: Mapped[UUID | None]
    sender_until: Mapped[datetime | None]
    wake_at: Mapped[datetime | None]
    rest_until: Mapped[datetime | None]


class Delivery(Row, Base):
    """One event for one endpoint; a test has its ``payload`` here, for its event never happened.

    ``held`` waits while the endpoint is paused, ``skipped`` will not be sent any more.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint(f"state in {DELIVERY_STATES}", name="state"),
        UniqueConstraint("endpoint_id", "message_id"),
        Index(
            "ix_webhook_delivery_due",
            "endpoint_id",
            "next_at",
            "id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_webhook_delivery_log", "endpoint_id", "state", "id"),
        Index("ix_webhook_delivery_created_at", "created_at"),
    )

    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    message_id: Mapped[UUID]
    event_name: Mapped[str]
    label: Mapped[str] = mapped_column(default="")
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    is_test: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="pending")
    tries: Mapped[int] = mapped_column(Integer(), default=0)
    next_at: Mapped[datetime]
    last_status: Mapped[int | None] = mapped_column(Integer())
    last_error: Mapped[str] = mapped_column(default="")
    delivered_at: Mapped[datetime | None]


class Attempt(Base):
    """One call: where to and with which headers, and what came back, or why nothing did."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index("ix_webhook_attempt_delivery_id", "delivery_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_delivery.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    url: Mapped[str]
    request_headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    duration_ms: Mapped[int] = mapped_column(Integer())
    status: Mapped[int | None] = mapped_column(Integer())
    error: Mapped[str]
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[str]
