"""What happens outside of any tenant's schema: the control plane's log, and what is to follow in a tenant.

Owns ``control.event`` (append-only) and ``control.outbox``. Emits nothing itself.
Never opens a tenant's schema: what is to follow there, or outside of any transaction, :mod:`core.control_jobs` does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, Integer, text

from core.kernel.db import ControlBase, Mapped, mapped_column
from core.kernel.ids import uuid7

APPEND_ONLY: Final = {"grants": "SELECT, INSERT"}


class ControlEvent(ControlBase):
    """Something that happened to an account, a key, a subscription or a workspace as a whole.

    ``tenant_id`` is the workspace whose administrators may read it, None where it concerns an account alone;
    ``data`` holds what the event's struct adds, and ``changes`` the values before and after.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_tenant", "tenant_id", "id"),
        Index("ix_event_account", "account_id", "id"),
        {"info": APPEND_ONLY},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(Integer())
    tenant_id: Mapped[UUID | None]
    record_type: Mapped[str]
    record_id: Mapped[UUID]
    label: Mapped[str]
    actor_kind: Mapped[str]
    actor_name: Mapped[str]
    account_id: Mapped[UUID | None]
    member_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(server_default="")
    request_id: Mapped[str] = mapped_column(server_default="")
    occurred_at: Mapped[datetime]
    changes: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]


class ControlOutbox(ControlBase):
    """A job that a committed transaction of the control plane asked for: in one tenant, or of its own.

    ``id`` names the run. ``run_at`` is when it is due, or until when a worker has it; with ``dead_at`` it has used up
    its retries and waits for the operator.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_run_at", "run_at", postgresql_where=text("dead_at IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    tenant_id: Mapped[UUID | None]
    job: Mapped[str]
    params: Mapped[dict[str, Any]]
    title: Mapped[str | None]
    member_id: Mapped[UUID | None]
    request_id: Mapped[str] = mapped_column(server_default="")
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    error: Mapped[str | None]
    dead_at: Mapped[datetime | None]
