"""Tables of hand-overs: what went from one member to another, so that it can be shown and given back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row

KEYS = ("keep", "revoke", "transfer")


class HandOver(Row, Base):
    """Everything that one member owned, given to another, or to nobody where ``to_id`` is None.

    ``moved`` and ``failed`` count records by table; ``keys`` says what becomes of the member's API keys;
    ``undoes_id`` is the earlier hand-over that this one gives back.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        CheckConstraint(f"keys in {KEYS}", name="keys"),
        Index("ix_hand_over_from", "from_id"),
    )

    from_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    to_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    by_id: Mapped[UUID | None] = mapped_column(Ref("member"), ForeignKey("member.id"))
    undoes_id: Mapped[UUID | None] = mapped_column(ForeignKey("hand_over.id"), unique=True)
    keys: Mapped[str] = mapped_column(default="keep")
    job_id: Mapped[UUID | None]
    moved: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    failed: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    finished_at: Mapped[datetime | None]


class HandOverItem(Base):
    """One record that changed hands; ``holding`` is its table."""

    __tablename__ = "hand_over_item"
    __table_args__ = (PrimaryKeyConstraint("hand_over_id", "holding", "record_id"),)

    hand_over_id: Mapped[UUID] = mapped_column(ForeignKey("hand_over.id", ondelete="CASCADE"))
    holding: Mapped[str]
    record_id: Mapped[UUID]
