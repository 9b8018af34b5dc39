"""The table of exports."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row

FORMATS = ("csv", "xlsx")


class ExportRun(Row, Base):
    """A list that somebody wanted as a file; the file is there until ``expires_at``, if it was finished.

    ``record_type`` is the permission to read it where it is no list of records.
    """

    __tablename__ = "export_run"
    __table_args__ = (
        CheckConstraint(f"format in {FORMATS}", name="format"),
        Index("ix_export_run_owner", "owner_id", "id"),
        Index("ix_export_run_expires", "expires_at"),
    )

    record_type: Mapped[str]
    query: Mapped[str]
    format: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(
        Ref("member"), ForeignKey("member.id"), info={"stays": True}
    )
    job_id: Mapped[UUID | None]
    file_name: Mapped[str]
    file_sha256: Mapped[str | None]
    size_bytes: Mapped[int | None]
    rows: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
