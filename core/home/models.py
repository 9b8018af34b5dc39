"""What of the Today page somebody has seen enough of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey

from core.kernel.db import Base, Mapped, Ref, mapped_column


class Dismissal(Base):
    """That a member does not want to see a hint any more."""

    __tablename__ = "dismissal"

    member_id: Mapped[UUID] = mapped_column(
        Ref("member"), ForeignKey("member.id", ondelete="CASCADE"), primary_key=True
    )
    hint: Mapped[str] = mapped_column(primary_key=True)
    dismissed_at: Mapped[datetime]
