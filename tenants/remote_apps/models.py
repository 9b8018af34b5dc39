"""The table of remote apps."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row

STATES = ("asked", "active", "paused")


class RemoteApp(Row, ControlBase):
    """An app of one workspace: what it may do, and what it asks for beyond that or instead.

    ``granted`` is what a person agreed to, ``asked`` what waits for that, both as :class:`AppIn`; until the first time
    the state is ``asked``. ``member_id`` answers for it. What its manifest said wrong is in ``problems``; it is being
    read since ``reading_since``. The webhook in the workspace has the app's id.
    """

    __tablename__ = "remote_app"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        Index("ix_remote_app_tenant", "tenant_id", "id"),
    )

    tenant_id: Mapped[UUID]
    member_id: Mapped[UUID | None]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default="asked")
    manifest_url: Mapped[str] = mapped_column(default="")
    granted: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    asked: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    reading_since: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    secret: Mapped[str] = mapped_column(default="")
