"""Puts jobs into the queue inside a tenant's transaction, in one statement.

Owns the inserts into ``cell.job`` and ``job_run`` with the tenant's rights. Never reads the queue.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.events.types import ActorRef, HasActor
from core.kernel.texts import texts


class Request(Protocol):
    """A job that was asked for; with ``title`` people see it, with ``key`` an equal waiting one is kept."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def params(self) -> msgspec.Struct: ...
    @property
    def title(self) -> str | None: ...
    @property
    def total(self) -> int | None: ...
    @property
    def run_at(self) -> datetime | None: ...
    @property
    def key(self) -> str | None: ...


class HasId(Protocol):
    """What is needed of the tenant."""

    @property
    def id(self) -> UUID: ...


class HasKind(Protocol):
    """What is needed of a job's declaration."""

    @property
    def kind(self) -> str: ...


_ENQUEUE = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]), CAST(:names AS text[]), CAST(:kinds AS text[]),
                         CAST(:params AS text[]), CAST(:titles AS text[]),
                         CAST(CAST(:totals AS text[]) AS int[]),
                         CAST(CAST(:run_ats AS text[]) AS timestamptz[]), CAST(:keys AS text[]))
        AS w (id, name, kind, params, title, total, run_at, key)
), visible AS (
    INSERT INTO job_run (id, entry_id, kind, name, title, params, actor, key, total, member_id, created_at)
    SELECT id, id, kind, name, title, CAST(params AS jsonb), CAST(:actor AS jsonb), key, total,
           CAST(:member_id AS uuid), now()
    FROM wanted WHERE title IS NOT NULL
    ON CONFLICT DO NOTHING
)
INSERT INTO cell.job (id, run_id, tenant_id, kind, name, params, actor, request_id, key, is_visible, run_at)
SELECT id, id, CAST(:tenant_id AS uuid), kind, name, CAST(params AS jsonb), CAST(:actor AS jsonb),
       CAST(:request_id AS text), key, title IS NOT NULL, coalesce(run_at, now())
FROM wanted
ON CONFLICT DO NOTHING
""")


async def enqueue(
    session: AsyncSession,
    *,
    tenant: HasId,
    actor: HasActor,
    queued: Sequence[Request],
    specs: Mapping[str, HasKind],
    request_id: str = "",
) -> None:
    """Queue jobs with the tenant's transaction; raises KeyError for a job that nobody declares."""
    if not queued:
        return
    who = ActorRef.of(actor)
    await session.execute(
        _ENQUEUE,
        {
            "tenant_id": tenant.id,
            "actor": msgspec.json.encode(who).decode(),
            "member_id": who.member_id,
            "request_id": request_id,
            "ids": texts(job.id for job in queued),
            "names": [job.name for job in queued],
            "kinds": [specs[job.name].kind for job in queued],
            "params": [msgspec.json.encode(job.params).decode() for job in queued],
            "titles": [job.title for job in queued],
            "totals": texts(job.total for job in queued),
            "run_ats": texts(job.run_at for job in queued),
            "keys": [job.key for job in queued],
        },
    )
