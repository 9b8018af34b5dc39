"""The tables of API keys: the keys, and what each was used for lately."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.kernel.db import ControlBase, Row
from core.kernel.ids import uuid7


class ApiKey(Row, ControlBase):
    """A key of one workspace with the rights of one member, narrowed by scopes.

    ``tenant_id`` is the workspace that it acts on: for a test key the sandbox. ``app_id`` is the remote app that has
    it; while that one is paused, so is its key.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        Index("ix_api_key_tenant", "tenant_id"),
        Index("ix_api_key_app", "app_id", postgresql_where=text("app_id IS NOT NULL")),
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
    app_id: Mapped[UUID | None]
    paused_at: Mapped[datetime | None]


class KeyRequest(ControlBase):
    """A request that a key made; ``route`` is the template of its address, so no record is named.

    It lies beside the keys and not in the workspace: one statement keeps the requests of all workspaces of a
    process, and a workspace that is closed can still be asked what its keys did.
    """

    __tablename__ = "api_key_request"
    __table_args__ = (
        Index("ix_api_key_request_key", "key_id", "id"),
        Index("ix_api_key_request_at", "at"),
        {"info": {"grants": "SELECT, INSERT, DELETE"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    tenant_id: Mapped[UUID]
    key_id: Mapped[UUID]
    at: Mapped[datetime]
    method: Mapped[str]
    route: Mapped[str]
    status: Mapped[int] = mapped_column(Integer())
    ms: Mapped[int] = mapped_column(Integer())
    request_id: Mapped[str]
    address: Mapped[str]
