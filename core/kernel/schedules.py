"""Recurring jobs: one row per tenant and schedule says when it is due next.

Owns ``cell.schedule``. Emits nothing. Never loops over tenants or schemas: due rows are found by an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text

from core.kernel.jobs.contract import OpenCell
from core.kernel.texts import texts

BATCH = 500

# A tenant that missed occurrences gets one job, not all of them; the next one keeps to the rhythm.
_RUN_DUE = text("""
WITH due AS (
    SELECT tenant_role, name, tenant_id, every_s, next_at, gen_random_uuid() AS job_id
    FROM cell.schedule
    WHERE next_at <= now() ORDER BY next_at LIMIT :batch FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE cell.schedule s
    SET next_at = due.next_at
                  + make_interval(secs => due.every_s
                                  * (1 + floor(extract(epoch FROM now() - due.next_at) / due.every_s)))
    FROM due WHERE s.tenant_role = due.tenant_role AND s.name = due.name
), queued AS (
    INSERT INTO cell.job (id, run_id, tenant_role, tenant_id, kind, name, params, actor, key)
    SELECT job_id, job_id, tenant_role, tenant_id, 'scheduled', name, '{}', '{"kind": "system"}', 'schedule'
    FROM due
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM due
""")
# First occurrences are spread over the period, so that a thousand tenants do not fall due at once.
_WANT = text("""
INSERT INTO cell.schedule AS s (tenant_role, name, tenant_id, every_s, next_at)
SELECT tenant_role, name, tenant_id, every_s, now() + make_interval(secs => every_s * random())
FROM unnest(CAST(:roles AS text[]), CAST(:names AS text[]), CAST(CAST(:tenant_ids AS text[]) AS uuid[]),
            CAST(CAST(:every AS text[]) AS bigint[])) AS w (tenant_role, name, tenant_id, every_s)
ON CONFLICT (tenant_role, name) DO UPDATE SET every_s = excluded.every_s, tenant_id = excluded.tenant_id,
    next_at = least(s.next_at, now() + make_interval(secs => excluded.every_s))
WHERE (s.every_s, s.tenant_id) IS DISTINCT FROM (excluded.every_s, excluded.tenant_id)
""")
_DROP_UNWANTED = text("""
DELETE FROM cell.schedule s WHERE NOT EXISTS (
    SELECT 1 FROM unnest(CAST(:roles AS text[]), CAST(:names AS text[])) AS w (tenant_role, name)
    WHERE w.tenant_role = s.tenant_role AND w.name = s.name
)
""")


class Wanted(NamedTuple):
    """That a tenant's job is to run every so many seconds."""

    tenant_role: str
    tenant_id: UUID
    name: str
    every_s: int


@dataclass(slots=True)
class Schedules:
    """The schedules of one cell."""

    open_cell: OpenCell

    async def run_due(self, batch: int = BATCH) -> int:
        """Queue the jobs that are due, each once; an occurrence still waiting is not doubled."""
        async with self.open_cell() as unit:
            due = await unit.session.scalar(_RUN_DUE, {"batch": batch}) or 0
            if due:
                await unit.commit()
        return due

    async def want(self, wanted: Sequence[Wanted]) -> None:
        """Add or change schedules, of a new tenant or a module that was switched on."""
        async with self.open_cell() as unit:
            await unit.session.execute(_WANT, _arrays(wanted))
            await unit.commit()

    async def reconcile(self, wanted: Sequence[Wanted]) -> None:
        """Make the schedules of the cell exactly these."""
        arrays = _arrays(wanted)
        async with self.open_cell() as unit:
            await unit.session.execute(_WANT, arrays)
            await unit.session.execute(_DROP_UNWANTED, {key: arrays[key] for key in ("roles", "names")})
            await unit.commit()


def _arrays(wanted: Sequence[Wanted]) -> dict[str, list[Any]]:
    return {
        "roles": [item.tenant_role for item in wanted],
        "names": [item.name for item in wanted],
        "tenant_ids": texts(item.tenant_id for item in wanted),
        "every": texts(item.every_s for item in wanted),
    }
