"""A small composition of queue, runner and relay over the run's database, and handlers that leave effects."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import text

from core.ext.specs import JobSpec, Subscription
from core.kernel import events, jobs
from core.kernel.events import Event
from core.kernel.ids import uuid7
from core.kernel.jobs import Claimed, Machinery, Queue, Runner, TenantGone, subscriber_name
from core.kernel.outbox import Relay
from core.kernel.schedules import Schedules
from core.tenancy.ctx import SYSTEM, Actor, QueuedJob
from core.tenancy.db import Databases
from core.tenancy.directory import Tenant
from core.tenancy.settings import DatabaseSettings

ANN = Actor(kind="member", member_id=UUID(int=0xA), name="Ann")


class NoteAdded(Event, frozen=True, kw_only=True):
    name: ClassVar[str] = "note.added"
    text: str = ""


class NoteUpdated(Event, frozen=True, kw_only=True):
    name: ClassVar[str] = "note.updated"


class Count(msgspec.Struct, frozen=True, kw_only=True):
    steps: int = 1
    pause_s: float = 0.0


EVENTS: dict[str, type[Event]] = {kind.name: kind for kind in (NoteAdded, NoteUpdated)}


@dataclass
class Context:
    tenant: Tenant
    session: Any

    def now(self) -> datetime:
        return datetime.now(UTC)


def make_effects(settings: DatabaseSettings, *tenants: Tenant) -> None:
    """Give tenants a table without constraints, where a doubled effect shows."""
    with psycopg.connect(settings.admin_dsn()) as admin:
        for tenant in tenants:
            table, role = sql.Identifier(tenant.schema, "effect"), sql.Identifier(tenant.schema)
            admin.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} (source text, step text)").format(table))
            admin.execute(sql.SQL("GRANT ALL ON {} TO {}").format(table, role))


def effects(settings: DatabaseSettings, tenant: Tenant) -> list[tuple[str, str]]:
    with psycopg.connect(settings.admin_dsn()) as admin:
        table = sql.Identifier(tenant.schema, "effect")
        return admin.execute(sql.SQL("SELECT source, step FROM {}").format(table)).fetchall()


def rows(settings: DatabaseSettings, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.admin_dsn()) as admin:
        return admin.execute(query.encode(), values).fetchall()


async def leave(ctx: Any, source: object, step: str) -> None:
    await ctx.session.execute(
        text("INSERT INTO effect VALUES (:source, :step)"), {"source": str(source), "step": step}
    )


async def count(run: jobs.JobRun) -> None:
    """One effect per step; the state carries how far it is."""
    for number in range(run.state.get("next", 0), run.params.steps):
        run.state["next"] = number + 1
        run.progress(done=number + 1)
        await run.step(f"step {number}", leave, run.id, str(number))
        await asyncio.sleep(run.params.pause_s)


async def on_note(ctx: Any, event: NoteAdded) -> None:
    assert event.meta is not None
    await leave(ctx, event.meta.id, event.text)


COUNT = JobSpec(plugin="testing", name="count", handler=count, params=Count, title="Count")
ON_NOTE = Subscription(plugin="testing", event="note.added", name="note", handler=on_note)


async def always_on(_tenant_id: UUID, _plugin: str) -> bool:
    return True


@dataclass
class Scene:
    """One worker's parts, driven by hand."""

    databases: Databases
    tenants: Sequence[Tenant]
    specs: dict[str, JobSpec] = field(default_factory=lambda: {"count": COUNT})
    subscriptions: dict[str, list[Subscription]] = field(default_factory=lambda: {"note.added": [ON_NOTE]})
    slots: int = 12
    told: list[tuple[UUID, str, datetime | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queue = Queue(self.open_cell)
        self.runner = Runner(self.queue, self.machinery(), slots=self.slots)
        self.relay = Relay(self.open_cell, self.subscriptions, always_on)
        self.schedules = Schedules(self.open_cell)

    def open_cell(self) -> Any:
        return self.databases.cell("main")

    async def rests(self, tenant_id: UUID, plugin: str, until: datetime | None) -> None:
        self.told.append((tenant_id, plugin, until))

    def machinery(self) -> Machinery:
        return Machinery(
            open_ctx=self.open_ctx,
            jobs=self.specs,
            subscribers={subscriber_name(s): s for items in self.subscriptions.values() for s in items},
            events=EVENTS,
            is_on=always_on,
            progressed=self.queue.progressed,
            rests=self.rests,
            faulted=lambda *_: None,
        )

    @asynccontextmanager
    async def open_ctx(self, job: Claimed) -> AsyncIterator[Context]:
        tenant = next((tenant for tenant in self.tenants if tenant.id == job.tenant_id), None)
        if tenant is None:
            raise TenantGone("no such tenant")
        async with self.databases.tenant(tenant) as unit:
            yield Context(tenant, unit.session)
            await unit.commit()

    async def emit(self, tenant: Tenant, *emitted: Event, actor: Actor = ANN) -> list[UUID]:
        async with self.databases.tenant(tenant) as unit:
            ids = await events.write(
                unit.session, tenant=tenant, actor=actor, events=emitted, now=datetime.now(UTC)
            )
            await unit.commit()
        return ids

    async def enqueue(self, tenant: Tenant, *queued: QueuedJob, actor: Actor = SYSTEM) -> list[UUID]:
        async with self.databases.tenant(tenant) as unit:
            await jobs.enqueue(
                unit.session,
                tenant=tenant,
                actor=actor,
                queued=queued,
                specs=self.specs,
            )
            await unit.commit()
        return [job.id for job in queued]

    async def settle(self, done: Callable[[], bool] = lambda: True, *, timeout_s: float = 120.0) -> None:
        """Relay and run until nothing is due any more and ``done`` agrees."""
        deadline = time.monotonic() + timeout_s
        while True:
            placed = await self.relay.relay()
            await self.runner.claim()
            is_idle = not placed and not self.runner.running and not await self.due()
            if is_idle and done():
                return
            assert time.monotonic() < deadline, "the jobs do not settle"
            await asyncio.sleep(0.005)

    async def due(self) -> int:
        query = "SELECT count(*) FROM cell.job WHERE state = 'running' OR run_at <= now() + interval '2 s'"
        return int((await asyncio.to_thread(rows, self.databases.settings, query))[0][0])


def job(name: str = "count", params: msgspec.Struct | None = None, **options: Any) -> QueuedJob:
    return QueuedJob(id=uuid7(), name=name, params=params or Count(), **options)


async def until(is_so: Callable[[], object], timeout_s: float = 120.0) -> None:
    """Look until something is so."""
    deadline = time.monotonic() + timeout_s
    while not await asyncio.to_thread(is_so):
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.01)


def declare(scene: Scene, handler: Any, **options: Any) -> None:
    options = {"retries": 2, **options}
    scene.specs["test"] = JobSpec(plugin="testing", name="test", handler=handler, params=Count, **options)


def left(scene: Scene, tenant: Tenant) -> list[tuple[str, str]]:
    return sorted(effects(scene.databases.settings, tenant))


def queued(scene: Scene) -> int:
    return int(rows(scene.databases.settings, "SELECT count(*) FROM cell.job")[0][0])


async def run_of(scene: Scene, tenant: Tenant, run_id: Any) -> jobs.JobRunRow:
    async with scene.databases.tenant(tenant, readonly=True) as unit:
        found = await unit.session.get(jobs.JobRunRow, run_id)
    assert found is not None
    return found
