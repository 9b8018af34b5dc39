"""Tables of the control plane: archives that owners asked for, and workspaces that were closed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row


class Archive(Row, ControlBase):
    """A workspace as one file; it is there from ``finished_at`` until ``expires_at``, unless ``failed_at`` is set."""

    __tablename__ = "workspace_archive"
    __table_args__ = (Index("ix_workspace_archive_tenant", "tenant_id", "id"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("control.tenant.id"))
    member_id: Mapped[UUID | None]
    file_name: Mapped[str]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger())
    finished_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class Closing(ControlBase):
    """That a workspace was closed, by whom, and which accounts may open it again."""

    __tablename__ = "workspace_closing"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("control.tenant.id"), primary_key=True)
    account_id: Mapped[UUID | None]
    closed_by: Mapped[str]
    owners: Mapped[list[str]]
    closed_at: Mapped[datetime]
    remove_at: Mapped[datetime]
