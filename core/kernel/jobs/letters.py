"""Jobs as people see them: what runs, what failed for good, replaying and cancelling it.

Owns the tenant's side of ``job_run``. Emits nothing. Never reads the queue: tenants may not.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.errors import NotFound
from core.kernel.ids import uuid7
from core.kernel.jobs.contract import Claimed
from core.kernel.jobs.enqueue import HasId
from core.kernel.jobs.models import JobRunRow

FINAL = ("done", "failed", "cancelled")
ERROR_LENGTH = 2_000

_REPLAY = text("""
WITH run AS (
    UPDATE job_run SET state = 'waiting', entry_id = :entry_id, attempts = 0, error = NULL,
           finished_at = NULL, cancel_requested_at = NULL
    WHERE id = :id AND state IN ('failed', 'cancelled')
    RETURNING id, kind, name, event_id, params, actor
), entry AS (
    INSERT INTO cell.job (id, run_id, tenant_id, kind, name, event_id, params, actor, is_visible)
    SELECT CAST(:entry_id AS uuid), id, CAST(:tenant_id AS uuid), kind, name, event_id, params, actor, true
    FROM run
)
SELECT id FROM run
""")
_CANCEL = text("""
UPDATE job_run SET cancel_requested_at = coalesce(cancel_requested_at, :now),
       state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END,
       finished_at = CASE WHEN state = 'waiting' THEN CAST(:now AS timestamptz) END
WHERE id = :id AND state IN ('waiting', 'running') RETURNING id
""")
_END = text("""
UPDATE job_run SET state = :state, finished_at = :now, error = NULL
WHERE id = :id AND entry_id = :entry_id AND state <> 'cancelled'
""")
_BURY = text("""
INSERT INTO job_run AS run (id, entry_id, kind, name, title, state, event_id, params, actor, attempts, error,
                            member_id, created_at, finished_at)
VALUES (:id, :entry_id, :kind, :name, :title, 'failed', :event_id, CAST(:params AS jsonb),
        CAST(:actor AS jsonb), :attempts, :error, :member_id, :now, :now)
ON CONFLICT (id) DO UPDATE SET state = 'failed', attempts = excluded.attempts, error = excluded.error,
    finished_at = excluded.finished_at
WHERE run.entry_id = excluded.entry_id
""")
_TROUBLE = text(
    "UPDATE job_run SET attempts = :attempts, error = :error WHERE id = :id AND entry_id = :entry_id"
)


async def runs(
    session: AsyncSession,
    *,
    states: Sequence[str] | None = None,
    before: datetime | None = None,
    limit: int = 50,
) -> Sequence[JobRunRow]:
    """Visible jobs and dead letters, newest first."""
    query = select(JobRunRow).order_by(JobRunRow.created_at.desc()).limit(limit)
    if states is not None:
        query = query.where(JobRunRow.state.in_(states))
    if before is not None:
        query = query.where(JobRunRow.created_at < before)
    return (await session.scalars(query)).all()


async def dead_letters(session: AsyncSession, *, limit: int = 50) -> Sequence[JobRunRow]:
    """Jobs that failed for good, newest first."""
    return await runs(session, states=("failed",), limit=limit)


async def replay(session: AsyncSession, tenant: HasId, run_id: UUID) -> None:
    """Queue a failed or cancelled job again; steps that took effect stay done. Raises NotFound."""
    values = {"id": run_id, "entry_id": uuid7(), "tenant_id": tenant.id}
    if await session.scalar(_REPLAY, values) is None:
        raise NotFound


async def cancel(session: AsyncSession, run_id: UUID, *, now: datetime) -> None:
    """Stop a visible job before its next step; what it did stays. Raises NotFound if it has ended."""
    if await session.scalar(_CANCEL, {"id": run_id, "now": now}) is None:
        raise NotFound


async def end(ctx: Any, job: Claimed, state: str) -> None:
    """Record a visible job's end."""
    values = {"id": job.run_id, "entry_id": job.id, "state": state, "now": ctx.now()}
    await ctx.session.execute(_END, values)


async def trouble(ctx: Any, job: Claimed, error: str) -> None:
    """Record a visible job's failure that will be retried."""
    values = {"id": job.run_id, "entry_id": job.id, "attempts": job.attempts, "error": error[:ERROR_LENGTH]}
    await ctx.session.execute(_TROUBLE, values)


async def bury(ctx: Any, job: Claimed, *, title: str, error: str) -> None:
    """Make a job a dead letter of its tenant, whether or not it was visible before."""
    values = {
        "id": job.run_id,
        "entry_id": job.id,
        "kind": job.kind,
        "name": job.name,
        "title": title,
        "event_id": job.event_id,
        "params": msgspec.json.encode(job.params).decode(),
        "actor": msgspec.json.encode(job.actor).decode(),
        "member_id": job.actor.member_id,
        "attempts": job.attempts,
        "error": error[:ERROR_LENGTH],
        "now": ctx.now(),
    }
    await ctx.session.execute(_BURY, values)
