"""The table of notifications."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row


class Notification(Row, Base):
    """A line for one member; ``params`` fill the text of its kind, ``path`` leads from the workspace to the cause."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_member", "member_id", "created_at", "id"),)

    member_id: Mapped[UUID] = mapped_column(Ref("member"), ForeignKey("member.id", ondelete="CASCADE"))
    kind: Mapped[str]
    params: Mapped[dict[str, str]] = mapped_column(JSONB, default=dict)
    path: Mapped[str]
    read_at: Mapped[datetime | None]
