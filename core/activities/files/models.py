"""The table of files on records."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import Base, Ref, Row


class Attachment(Row, Base):
    """A file on a record; the bytes lie in the tenant's file store under ``key``."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_record", "record_type", "record_id", "created_at"),)

    record_type: Mapped[str]
    record_id: Mapped[UUID]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    key: Mapped[str]
    uploaded_by_id: Mapped[UUID | None] = mapped_column(Ref("member"))
