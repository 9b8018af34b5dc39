"""Tables of background work: the queue of a cell, and what a tenant sees of it.

Tenants append to ``cell.job`` and ``cell.outbox`` under row-level security on their role and read neither;
what people see of a job is its ``job_run`` row in the tenant's own schema.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, text

from core.kernel.db import Base, CellBase, Mapped, mapped_column
from core.kernel.ids import uuid7

TENANTS_APPEND = {"tenant_grants": "INSERT"}
CURRENT_USER = text("current_user")
NOW = text("now()")
WORK = "kind <> 'call'"
CALLS = "kind = 'call'"
"""Two pools of slots: jobs that wait for servers of others have one of their own, where waiting harms nobody."""


class OutboxRow(CellBase):
    """A committed event that the relay has yet to place: ids and its name, no values."""

    __tablename__ = "outbox"
    __table_args__ = ({"info": TENANTS_APPEND},)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_role: Mapped[str] = mapped_column(server_default=CURRENT_USER)
    tenant_id: Mapped[UUID]
    event_name: Mapped[str]


class Job(CellBase):
    """One entry of the queue: waiting (``ready``) or held by a worker (``running``), removed at its end.

    ``run_id`` names the work: a replayed job is a new entry with the same run, so steps that took effect
    stay skipped. ``claims`` counts how often it was begun,
    ``attempts`` its failures, ``crashes`` the workers that died holding it. ``key`` is
    cleared when claimed.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "ix_job_ready",
            "tenant_role",
            "run_at",
            "id",
            postgresql_where=text(f"state = 'ready' AND {WORK}"),
        ),
        Index(
            "ix_job_ready_calls",
            "tenant_role",
            "run_at",
            "id",
            postgresql_where=text(f"state = 'ready' AND {CALLS}"),
        ),
        Index("ix_job_running", "worker_id", "tenant_role", postgresql_where=text("state = 'running'")),
        Index(
            "uq_job_key",
            "tenant_role",
            "name",
            "key",
            unique=True,
            postgresql_where=text("key IS NOT NULL"),
        ),
        {"info": TENANTS_APPEND},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    run_id: Mapped[UUID]
    tenant_role: Mapped[str] = mapped_column(server_default=CURRENT_USER)
    tenant_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(server_default="ready")
    kind: Mapped[str]
    name: Mapped[str]
    event_id: Mapped[UUID | None]
    params: Mapped[dict[str, Any]]
    actor: Mapped[dict[str, Any]]
    request_id: Mapped[str] = mapped_column(server_default="")
    key: Mapped[str | None]
    is_visible: Mapped[bool] = mapped_column(server_default=text("false"))
    run_at: Mapped[datetime] = mapped_column(server_default=NOW)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    started_at: Mapped[datetime | None]
    worker_id: Mapped[UUID | None]
    claims: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    attempts: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    crashes: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    steps_seen: Mapped[int] = mapped_column(Integer(), server_default=text("0"))


class Lane(CellBase):
    """A tenant's turn in the queue, and how much it may run at once where that differs from the default.

    How many jobs wait and run is counted from the jobs, so that no counter can drift when a worker is killed.
    """

    __tablename__ = "lane"

    tenant_role: Mapped[str] = mapped_column(primary_key=True)
    served_at: Mapped[datetime | None]
    tidied_at: Mapped[datetime | None]
    cap: Mapped[int | None] = mapped_column(Integer())


class WorkerRow(CellBase):
    """A living worker process: its lease on the jobs it holds, and a database backend that dies with it."""

    __tablename__ = "worker"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    backend_pid: Mapped[int] = mapped_column(Integer())
    seen_at: Mapped[datetime]


class Schedule(CellBase):
    """When a recurring job of a tenant is due next."""

    __tablename__ = "schedule"
    __table_args__ = (Index("ix_schedule_next_at", "next_at"),)

    tenant_role: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    every_s: Mapped[int] = mapped_column(BigInteger())
    next_at: Mapped[datetime]


class JobRunRow(Base):
    """Long work as people see it, and every dead letter: state, progress, error, and what a replay needs."""

    __tablename__ = "job_run"
    __table_args__ = (
        Index("ix_job_run_created_at", "created_at"),
        Index("uq_job_run_key", "name", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
        {"info": {"worker_grants": "SELECT, DELETE"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID]
    kind: Mapped[str]
    name: Mapped[str]
    title: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    event_id: Mapped[UUID | None]
    params: Mapped[dict[str, Any]]
    actor: Mapped[dict[str, Any]]
    key: Mapped[str | None]
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(server_default=text("0"))
    failed: Mapped[int] = mapped_column(server_default=text("0"))
    attempts: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    error: Mapped[str | None]
    member_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]


class Circuit(Base):
    """How often jobs of a module failed in a row for this tenant.

    ``open_until`` holds them back meanwhile.
    """

    __tablename__ = "circuit"
    __table_args__ = ({"info": {"grants": "SELECT, INSERT, UPDATE"}},)

    plugin: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(Integer(), server_default=text("0"))
    last_error: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    open_until: Mapped[datetime | None]
