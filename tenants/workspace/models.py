"""Tables of the control plane: archives that owners asked for or brought, and workspaces that were closed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
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


class Import(Row, ControlBase):
    """An archive that somebody brought into a workspace, to have another made of it.

    ``made_id`` is the tenant that is being filled, and the workspace once ``finished_at`` is set. ``key`` is that of
    the archive, wrapped, for as long as it is needed. ``problem`` says in words why it failed.
    """

    __tablename__ = "workspace_import"
    __table_args__ = (Index("ix_workspace_import_tenant", "tenant_id", "id"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("control.tenant.id"))
    member_id: Mapped[UUID | None]
    account_id: Mapped[UUID]
    file_name: Mapped[str]
    name: Mapped[str]
    key: Mapped[bytes | None]
    made_id: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    problem: Mapped[str] = mapped_column(default="", server_default="")
    params: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    finished_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]


class Closing(ControlBase):
    """That a workspace was closed, by whom, and which accounts may open it again."""

    __tablename__ = "workspace_closing"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("control.tenant.id"), primary_key=True)
    account_id: Mapped[UUID | None]
    closed_by: Mapped[str]
    owners: Mapped[list[str]]
    closed_at: Mapped[datetime]
    remove_at: Mapped[datetime]
