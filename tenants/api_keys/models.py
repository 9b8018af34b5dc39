"""The table of API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row


class ApiKey(Row, ControlBase):
    """A key of one workspace with the rights of one member, narrowed by scopes.

    ``tenant_id`` is the workspace that it acts on: for a test key the sandbox.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        Index("ix_api_key_tenant", "tenant_id"),
    )

    tenant_id: Mapped[UUID]
    member_id: Mapped[UUID]
    name: Mapped[str]
    mode: Mapped[str]
    hint: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
