"""The relay of a cell: gives committed events their positions and turns them into jobs of their subscribers.

Owns ``cell.outbox`` on the worker's side and the inserts into ``event_position``. Emits nothing.
Never reads an event's values, and never runs beside another relay of the same cell: a lock sees to that.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import ARRAY, Text, Uuid, bindparam, cast, column, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from core.kernel.events.models import EventListener, EventPosition
from core.kernel.ids import uuid7
from core.kernel.jobs.contract import IsOn, OpenCell, Subscription, Subscriptions, subscriber_name
from core.kernel.texts import texts

RELAY_LOCK = 0x67_78_72_65_6C
BATCH = 500
TOGETHER = 50
"""So many events of one name a subscriber gets at once: what it does with them is one transaction."""
REMEMBERED = 1_000
HOLD_S = 5.0

log = structlog.get_logger(__name__)

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")
_BE_BRIEF = text("SET LOCAL lock_timeout = '500ms'")
_READ = text("""
SELECT event_id, tenant_role, tenant_id, event_name FROM cell.outbox
WHERE tenant_role <> ALL(CAST(:held AS text[])) ORDER BY event_id LIMIT :batch
""")
_SCHEMAS = text("SELECT nspname FROM pg_namespace WHERE nspname = ANY(CAST(:roles AS text[]))")
_FORGET = text("DELETE FROM cell.outbox WHERE event_id = ANY(CAST(CAST(:ids AS text[]) AS uuid[]))")
# Events join a job of the same subscriber that nobody has begun: what comes while it waits is handled with it.
_QUEUE = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]), CAST(:roles AS text[]),
                         CAST(CAST(:tenant_ids AS text[]) AS uuid[]), CAST(:names AS text[]),
                         CAST(CAST(:event_ids AS text[]) AS uuid[]), CAST(:params AS text[]),
                         CAST(CAST(:joins AS text[]) AS uuid[]))
        AS j (id, tenant_role, tenant_id, name, event_id, params, joins)
), joined AS (
    UPDATE cell.job
    SET params = jsonb_build_object('events', job.params -> 'events' || (CAST(w.params AS jsonb) -> 'events'))
    FROM wanted w
    WHERE job.id = w.joins AND job.state = 'ready' AND job.claims = 0
    RETURNING w.id
), queued AS (
    INSERT INTO cell.job (id, run_id, tenant_role, tenant_id, kind, name, event_id, params, actor)
    SELECT id, id, tenant_role, tenant_id, 'event', name, event_id, CAST(params AS jsonb), '{"kind": "system"}'
    FROM wanted WHERE id NOT IN (SELECT id FROM joined)
)
SELECT id FROM joined
""")

_positions = EventPosition.__table__
_placed = (
    func.unnest(cast(bindparam("ids", type_=ARRAY(Text())), ARRAY(Uuid())))
    .table_valued(column("id", Uuid()), with_ordinality="n", name="placed")
    .render_derived()
)
_INSERT = insert(EventPosition).from_select(
    ["position", "event_id"],
    select(
        select(func.coalesce(func.max(_positions.c.position), 0)).scalar_subquery() + _placed.c.n,
        _placed.c.id,
    ),
)
# One statement per tenant: it places the events and says which subscribers of all events want them.
_PLACE = select(EventListener.subscriber).add_cte(_INSERT.cte("inserted"))


class _Blocked(Exception):
    """A tenant's schema cannot be written now."""


class _Wanted(NamedTuple):
    """A subscriber's job: for one event, or for several; ``joins`` is one that may still take these as well."""

    tenant_role: str
    tenant_id: UUID
    name: str
    event_id: UUID | None
    events: Sequence[UUID] = ()
    joins: UUID | None = None

    def params(self) -> str:
        """What the job is told."""
        return msgspec.json.encode({"events": self.events} if self.events else {}).decode()


class _Waiting(NamedTuple):
    """A job with room for more events, if nobody has begun it meanwhile."""

    id: UUID
    events: int


@dataclass(slots=True)
class Relay:
    """The relay of one cell; any number of processes may run one, and one at a time works."""

    open_cell: OpenCell
    subscriptions: Subscriptions
    is_on: IsOn
    batch: int = BATCH
    queued: int = 0
    """How many jobs the last batch made or gave events to."""
    _held: dict[str, float] = field(default_factory=dict)
    _waiting: dict[tuple[str, str], _Waiting] = field(default_factory=dict)

    async def relay(self) -> int:
        """Place one batch of committed events; gives how many, 0 while another relay works, a whole batch for more.

        Positions, jobs and the emptied outbox commit together. A tenant whose schema is locked, by a
        migration for one, is left for later and does not keep the others waiting.
        """
        self.queued = 0
        self._held = {role: until for role, until in self._held.items() if until > time.monotonic()}
        try:
            return await self._relay()
        except _Blocked:
            return self.batch

    async def _relay(self) -> int:
        async with self.open_cell() as unit:
            session = unit.session
            if not await session.scalar(_TRY_LOCK, {"key": RELAY_LOCK}):
                return 0
            values = {"held": list(self._held), "batch": self.batch}
            rows = (await session.execute(_READ, values)).all()
            if not rows:
                return 0
            await session.execute(_BE_BRIEF)
            roles = list({row.tenant_role for row in rows})
            alive = set((await session.scalars(_SCHEMAS, {"roles": roles})).all())
            rows_alive = [row for row in rows if row.tenant_role in alive]
            listeners = await self._place(session, rows_alive)
            jobs = await self._jobs(rows_alive) + await self._batches(rows_alive, listeners)
            waiting = await self._queue(session, jobs)
            await session.execute(_FORGET, {"ids": texts(row.event_id for row in rows)})
            await unit.commit()
        self.queued = len(jobs)
        if len(self._waiting) > REMEMBERED:
            self._waiting.clear()
        self._waiting |= waiting
        return len(rows)

    async def _place(self, session: Any, rows: Sequence[Any]) -> dict[str, set[str]]:
        """Give the events their positions; gives by tenant the subscribers that listen to all of its events."""
        by_role: Mapping[str, list[UUID]] = defaultdict(list)
        listeners = {}
        for row in rows:
            by_role[row.tenant_role].append(row.event_id)
        connection = await session.connection()
        for role, ids in by_role.items():
            try:
                found = await connection.execute(
                    _PLACE, {"ids": texts(ids)}, execution_options={"schema_translate_map": {None: role}}
                )
                listeners[role] = set(found.scalars())
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                log.warning("relay.held", tenant=role, error=str(error.orig))
                self._held[role] = time.monotonic() + HOLD_S
                raise _Blocked from error
        return listeners

    async def _jobs(self, rows: Sequence[Any]) -> list[_Wanted]:
        """A job for each event and subscriber; one for many events where the subscriber takes them together."""
        asked: dict[tuple[UUID, str], bool] = {}
        jobs = []
        together: Mapping[tuple[str, UUID, str], list[UUID]] = defaultdict(list)
        for row in rows:
            for subscription in self._later(row.event_name):
                key = (row.tenant_id, subscription.plugin)
                if key not in asked:
                    asked[key] = await self.is_on(*key)
                if not asked[key]:
                    continue
                name = subscriber_name(subscription)
                if subscription.batch:
                    together[row.tenant_role, row.tenant_id, name].append(row.event_id)
                else:
                    jobs.append(_Wanted(row.tenant_role, row.tenant_id, name, row.event_id))
        for (role, tenant_id, name), ids in together.items():
            jobs += self._parts(role, tenant_id, name, ids)
        return jobs

    def _later(self, event_name: str) -> list[Subscription]:
        """Who is told of an event after its commit, but for those that take all events in batches."""
        own = [item for item in self.subscriptions.get(event_name, ()) if not item.in_transaction]
        of_all = self.subscriptions.get("*", ())
        return own + [item for item in of_all if not item.in_transaction and not item.batch]

    def _parts(self, role: str, tenant_id: UUID, name: str, ids: Sequence[UUID]) -> list[_Wanted]:
        """The jobs for several events; the first may join one that waits."""
        waiting = self._waiting.get((role, name))
        joins = waiting.id if waiting is not None and waiting.events + len(ids) <= TOGETHER else None
        parts = [ids[start : start + TOGETHER] for start in range(0, len(ids), TOGETHER)]
        return [_Wanted(role, tenant_id, name, None, part, joins) for part in parts]

    async def _batches(self, rows: Sequence[Any], listeners: Mapping[str, set[str]]) -> list[_Wanted]:
        """A job for all events of a tenant and each subscriber that listens to them."""
        jobs = []
        for subscription in self.subscriptions.get("*", ()):
            name = subscriber_name(subscription)
            if subscription.in_transaction or not subscription.batch:
                continue
            wanted = [row for row in rows if name in listeners[row.tenant_role]]
            for tenant_id, role in dict.fromkeys((row.tenant_id, row.tenant_role) for row in wanted):
                if await self.is_on(tenant_id, subscription.plugin):
                    ids = [row.event_id for row in wanted if row.tenant_id == tenant_id]
                    jobs.append(_Wanted(role, tenant_id, name, None, ids))
        return jobs

    def _room(
        self, jobs: Mapping[UUID, _Wanted], joined: Collection[UUID]
    ) -> dict[tuple[str, str], _Waiting]:
        """The jobs that may take more events, once this transaction is committed."""
        found = {}
        for job_id, job in jobs.items():
            key = (job.tenant_role, job.name)
            if job_id in joined:
                earlier = self._waiting[key]
                found[key] = _Waiting(earlier.id, earlier.events + len(job.events))
            elif job.events:
                found[key] = _Waiting(job_id, len(job.events))
        return found

    async def _queue(self, session: Any, wanted: Sequence[_Wanted]) -> dict[tuple[str, str], _Waiting]:
        if not wanted:
            return {}
        jobs = {uuid7(): job for job in wanted}
        values = {
            "ids": texts(jobs),
            "roles": [job.tenant_role for job in wanted],
            "tenant_ids": texts(job.tenant_id for job in wanted),
            "names": [job.name for job in wanted],
            "event_ids": texts(job.event_id for job in wanted),
            "params": [job.params() for job in wanted],
            "joins": texts(job.joins for job in wanted),
        }
        joined = set((await session.scalars(_QUEUE, values)).all())
        return self._room(jobs, joined)
