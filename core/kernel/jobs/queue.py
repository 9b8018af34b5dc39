"""The queue of one cell as a worker works with it: claim, release, remove, keep alive, take over.

Owns ``cell.job``, ``cell.lane`` and ``cell.worker`` on the worker's side. Emits nothing. Never runs a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import JSONB

from core.kernel.events.types import ActorRef
from core.kernel.ids import uuid7
from core.kernel.jobs.contract import Claimed, OpenCell
from core.kernel.jobs.models import CALLS, WORK
from core.kernel.texts import texts

CLAIM_LOCK = 0x67_78_6A_6F_62
SILENT_S = 1.5
LEASE_S = 30.0

# Tenants with waiting jobs are found by hopping from one to the next in the index, so that ten thousand
# waiting jobs of one tenant cost the others nothing. Each tenant's first free jobs are then dealt out in
# rounds, to those first who were served longest ago. The lock keeps two claims apart, so that the counts of
# running jobs are true.
_CLAIM = """
WITH RECURSIVE waiting (tenant_role) AS (
    (SELECT tenant_role FROM cell.job WHERE state = 'ready' AND {pool} ORDER BY tenant_role LIMIT 1)
    UNION ALL
    SELECT (SELECT j.tenant_role FROM cell.job j
            WHERE j.state = 'ready' AND {pool} AND j.tenant_role > w.tenant_role ORDER BY j.tenant_role LIMIT 1)
    FROM waiting w WHERE w.tenant_role IS NOT NULL
), busy AS (
    SELECT tenant_role, count(*) AS running FROM cell.job WHERE state = 'running' AND {pool}
    GROUP BY tenant_role
), open_lanes AS (
    SELECT w.tenant_role, l.served_at, coalesce(l.cap, :cap) - coalesce(b.running, 0) AS room
    FROM waiting w
    LEFT JOIN busy b USING (tenant_role)
    LEFT JOIN cell.lane l USING (tenant_role)
    CROSS JOIN LATERAL (SELECT j.run_at FROM cell.job j
                        WHERE j.state = 'ready' AND {pool} AND j.tenant_role = w.tenant_role
                        ORDER BY j.run_at LIMIT 1) AS first
    WHERE w.tenant_role IS NOT NULL AND first.run_at <= now()
      AND coalesce(b.running, 0) < coalesce(l.cap, :cap)
    ORDER BY l.served_at NULLS FIRST
    LIMIT :slots
), dealt AS (
    SELECT job.id, o.served_at,
           row_number() OVER (PARTITION BY o.tenant_role ORDER BY job.run_at, job.id) AS round
    FROM open_lanes o
    CROSS JOIN LATERAL (SELECT j.id, j.run_at FROM cell.job j
                        WHERE j.state = 'ready' AND {pool} AND j.tenant_role = o.tenant_role
                          AND j.run_at <= now()
                        ORDER BY j.run_at, j.id
                        LIMIT least(o.room, :slots) FOR UPDATE SKIP LOCKED) AS job
), taken AS (
    UPDATE cell.job SET state = 'running', worker_id = :worker_id, started_at = clock_timestamp(), key = NULL,
           claims = claims + 1
    WHERE id IN (SELECT id FROM dealt ORDER BY round, served_at NULLS FIRST LIMIT :slots)
    RETURNING *
), served AS (
    INSERT INTO cell.lane (tenant_role, served_at)
    SELECT tenant_role, clock_timestamp() FROM taken GROUP BY tenant_role
    ON CONFLICT (tenant_role) DO UPDATE SET served_at = excluded.served_at
)
SELECT * FROM taken ORDER BY run_at, id
"""
_CLAIMS = {
    pool: text(_CLAIM.replace("{pool}", pool)).columns(params=JSONB, actor=JSONB) for pool in (WORK, CALLS)
}

_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_REMOVE = text(
    "DELETE FROM cell.job WHERE id = ANY(CAST(CAST(:ids AS text[]) AS uuid[])) AND worker_id = :worker_id"
)
_RELEASE = text("""
UPDATE cell.job SET state = 'ready', worker_id = NULL, attempts = back.attempts, crashes = back.crashes,
       steps_seen = back.steps_seen, run_at = clock_timestamp() + make_interval(secs => back.delay_s)
FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]), CAST(CAST(:attempts AS text[]) AS int[]),
            CAST(CAST(:crashes AS text[]) AS int[]),
            CAST(CAST(:steps_seen AS text[]) AS int[]), CAST(CAST(:delays AS text[]) AS float8[]))
     AS back (id, attempts, crashes, steps_seen, delay_s)
WHERE cell.job.id = back.id AND cell.job.worker_id = :worker_id
""")
_PROGRESSED = text("""
UPDATE cell.job SET crashes = 0, attempts = 0, steps_seen = :steps WHERE id = :id AND worker_id = :worker_id
""")
_BEAT = text("""
INSERT INTO cell.worker (id, backend_pid, seen_at) VALUES (:worker_id, pg_backend_pid(), clock_timestamp())
ON CONFLICT (id) DO UPDATE SET backend_pid = excluded.backend_pid, seen_at = excluded.seen_at
""")
_HELD = text("SELECT id FROM cell.job WHERE worker_id = :worker_id AND state = 'running'")
# A worker that was killed is known by its database backend, which ends with it, long before its lease does.
_TAKE_OVER = text("""
WITH alive AS (
    SELECT w.id FROM cell.worker w
    WHERE w.seen_at > clock_timestamp() - make_interval(secs => :lease_s)
      AND (w.seen_at > clock_timestamp() - make_interval(secs => :silent_s)
           OR EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = w.backend_pid))
), forgotten AS (
    DELETE FROM cell.worker WHERE id <> :worker_id AND id NOT IN (SELECT id FROM alive)
), freed AS (
    UPDATE cell.job SET state = 'ready', worker_id = NULL, crashes = crashes + 1,
           run_at = now() + make_interval(
               secs => CASE WHEN crashes < 3 THEN 0 ELSE least(60, 2 ^ (crashes - 3)) END)
    WHERE state = 'running' AND worker_id <> :worker_id AND worker_id NOT IN (SELECT id FROM alive)
      AND started_at < clock_timestamp() - make_interval(secs => :silent_s)
    RETURNING id
)
SELECT count(*) FROM freed
""")
_LEAVE = text("DELETE FROM cell.worker WHERE id = :worker_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A job given back to the queue, to be claimed again after a delay."""

    id: UUID
    delay_s: float
    attempts: int
    crashes: int
    steps_seen: int


@dataclass(slots=True)
class Outcomes:
    """How jobs ended, until the queue has been told; telling it twice is harmless."""

    finished: list[UUID] = field(default_factory=list)
    released: list[Release] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.finished or self.released)

    def forget(self, told: "Outcomes") -> None:
        """Drop what has been told."""
        del self.finished[: len(told.finished)]
        del self.released[: len(told.released)]

    def copy(self) -> "Outcomes":
        """What there is to tell at this moment."""
        return Outcomes(list(self.finished), list(self.released))


@dataclass(slots=True)
class Queue:
    """The queue of one cell in the hands of one worker process: its work, or its calls of others' servers."""

    open_cell: OpenCell
    pool: str = WORK
    worker_id: UUID = field(default_factory=uuid7)

    async def claim(self, slots: int, *, cap: int, outcomes: Outcomes | None = None) -> list[Claimed]:
        """Tell the queue how jobs ended and take up to ``slots`` due ones, in one transaction.

        At most ``cap`` jobs of a tenant run at once in the whole cell.
        """
        told = outcomes.copy() if outcomes is not None else Outcomes()
        async with self.open_cell() as unit:
            await unit.session.execute(_LOCK, {"key": CLAIM_LOCK})
            await self._tell(unit.session, told)
            rows: Sequence[Row[Any]] = ()
            if slots > 0:
                claim = {"slots": slots, "cap": cap, "worker_id": self.worker_id}
                rows = (await unit.session.execute(_CLAIMS[self.pool], claim)).all()
            await unit.commit()
        if outcomes is not None:
            outcomes.forget(told)
        return [_claimed(row) for row in rows]

    async def beat(self) -> set[UUID]:
        """Renew this worker's lease and give the ids of the jobs it still holds."""
        async with self.open_cell() as unit:
            await unit.session.execute(_BEAT, {"worker_id": self.worker_id})
            held = await unit.session.scalars(_HELD, {"worker_id": self.worker_id})
            ids = set(held.all())
            await unit.commit()
        return ids

    async def take_over(self) -> int:
        """Free the jobs of workers that died; a death counts as a crash of the job."""
        async with self.open_cell() as unit:
            values = {"worker_id": self.worker_id, "lease_s": LEASE_S, "silent_s": SILENT_S}
            freed = await unit.session.scalar(_TAKE_OVER, values)
            await unit.commit()
        return freed or 0

    async def progressed(self, job_id: UUID, steps: int) -> None:
        """Forget a job's failures because it got further since."""
        async with self.open_cell() as unit:
            values = {"id": job_id, "steps": steps, "worker_id": self.worker_id}
            await unit.session.execute(_PROGRESSED, values)
            await unit.commit()

    async def leave(self, outcomes: Outcomes) -> None:
        """Tell the last outcomes and end the lease."""
        async with self.open_cell() as unit:
            await self._tell(unit.session, outcomes)
            await unit.session.execute(_LEAVE, {"worker_id": self.worker_id})
            await unit.commit()

    async def _tell(self, session: Any, told: Outcomes) -> None:
        if told.finished:
            await session.execute(_REMOVE, {"ids": texts(told.finished), "worker_id": self.worker_id})
        if told.released:
            await session.execute(
                _RELEASE,
                {
                    "worker_id": self.worker_id,
                    "ids": texts(release.id for release in told.released),
                    "attempts": texts(release.attempts for release in told.released),
                    "crashes": texts(release.crashes for release in told.released),
                    "steps_seen": texts(release.steps_seen for release in told.released),
                    "delays": texts(release.delay_s for release in told.released),
                },
            )


def _claimed(row: Row[Any]) -> Claimed:
    return Claimed(
        id=row.id,
        run_id=row.run_id,
        tenant_role=row.tenant_role,
        tenant_id=row.tenant_id,
        kind=row.kind,
        name=row.name,
        params=row.params,
        actor=msgspec.convert(row.actor, ActorRef),
        request_id=row.request_id,
        claims=row.claims,
        attempts=row.attempts,
        crashes=row.crashes,
        steps_seen=row.steps_seen,
        is_visible=row.is_visible,
        event_id=row.event_id,
    )
