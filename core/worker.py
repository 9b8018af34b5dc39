"""The worker process: relays events, runs jobs, keeps schedules, and does the housekeeping of its cells.

Owns the loops, and what wakes and ends them. Emits nothing. Never holds work that another worker could not take
over, and never gives up because a database is away.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from core import control_jobs
from core.access.grants import narrowed
from core.kernel.jobs import CALLS, Claimed, Machinery, Postpone, Queue, Runner, TenantGone, subscriber_name
from core.kernel.jobs.tidy import tidy
from core.kernel.outbox import Relay
from core.kernel.schedules import Schedules, Wanted
from core.kernel.wake import CONTROL, EVENTS, JOBS, Joined, channel, news
from core.tenancy import resting
from core.tenancy.ctx import Actor, Ctx, Principal
from core.tenancy.directory import Tenant
from core.tenancy.provisioning import delete_due
from core.tenancy.warm_pool import WarmPool

if TYPE_CHECKING:
    from core.runtime import Runtime

POLL_S = 1.0
PAUSE_S = 0.05
"""How often at most signals of other processes ring a bell: what came meanwhile is handled together."""
POOL_S, POOL_PAUSE_S = 15.0, 1.0
"""How often the warm pool is filled when nothing happens, and at most while people sign up."""
CLOSED_S = 300.0
GRACE_S = 2.0
CALL_SLOTS = 64
CALLS_OF_A_TENANT = 16
"""Calls hold a slot while another's server thinks, and little else: they may be many."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Housekeeping of a process, every so many seconds."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[object]]
    bell: asyncio.Event | None = None


@dataclass(slots=True)
class CellWork:
    """What one process does for one cell, and the bells that wake it."""

    name: str
    runner: Runner
    relay: Relay
    schedules: Schedules
    callers: Runner | None = None
    call_for_help: Callable[[], None] = lambda: None
    relay_bell: asyncio.Event = field(default_factory=asyncio.Event)
    claim_bell: asyncio.Event = field(default_factory=asyncio.Event)
    call_bell: asyncio.Event = field(default_factory=asyncio.Event)
    pool_bell: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Have the cell looked at now."""
        self.relay_bell.set()
        self.wake()

    def wake(self) -> None:
        """Have free slots filled now."""
        self.claim_bell.set()
        self.call_bell.set()

    @property
    def runners(self) -> list[Runner]:
        """Those of its work, and those of the calls that wait for servers of others."""
        return [self.runner] if self.callers is None else [self.runner, self.callers]

    async def relay_once(self) -> bool:
        """Place a batch of events, and have their jobs claimed at once; True where more may wait."""
        placed = await self.relay.relay()
        if self.relay.queued:
            self.claim_bell.set()
        if self.relay.queued > self.runner.slots - self.runner.running:
            self.call_for_help()
        return placed >= self.relay.batch

    async def work_once(self) -> bool:
        """Run the jobs that are due, one after the other; says whether there were any."""
        was_busy = False
        for runner in self.runners:
            await runner.claim()
            was_busy = was_busy or runner.running > 0
            while runner.running:  # noqa: ASYNC110 (the runner has no bell for this)
                await asyncio.sleep(0.005)
            await runner.claim()
        return was_busy

    async def take_over_once(self) -> None:
        """Free the jobs of workers that died, and have them claimed at once."""
        if await self.runner.queue.take_over():
            self.wake()

    async def schedule_once(self) -> bool:
        """Queue what is due."""
        due = await self.schedules.run_due()
        if due:
            self.wake()
        return due > 0


class Worker:
    """The loops of a worker process; :meth:`run` returns within five seconds of :meth:`stop`."""

    def __init__(
        self,
        cells: Sequence[CellWork],
        *,
        listen: Callable[..., AsyncIterator[Any]] | None = None,
        chores: Sequence[Chore] = (),
        control: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self.cells = cells
        self._listen = listen
        self._chores = chores
        self._control = control
        self._control_bell = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin to stop; harmless to repeat, safe to call from a signal handler of the loop."""
        self._stopping.set()
        for cell in self.cells:
            cell.ring()

    async def run(self) -> None:
        """Work until stopped."""
        loops = [self._loop(*each) for each in self._loops()]
        tasks = [asyncio.create_task(loop) for loop in loops]
        if self._listen is not None:
            tasks.append(asyncio.create_task(self._hear(self._listen)))
        await self._stopping.wait()
        for task in tasks:
            task.cancel()
        # Leases are kept up while the jobs end.
        beats = [
            asyncio.create_task(self._loop("beat", runner.beat, POLL_S))
            for cell in self.cells
            for runner in cell.runners
        ]
        await asyncio.wait(tasks, timeout=0.5)
        await asyncio.gather(*(self._drain(cell) for cell in self.cells))
        for task in beats:
            task.cancel()
        # What was being written when the stop came is written, or undone, before this returns.
        await asyncio.wait([*tasks, *beats], timeout=1)

    def _loops(self) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for cell in self.cells:
            found += [
                *(("beat", runner.beat, POLL_S) for runner in cell.runners),
                ("claim", cell.runner.claim, POLL_S, cell.claim_bell),
                ("relay", cell.relay_once, POLL_S, cell.relay_bell),
                ("schedule", cell.schedule_once, POLL_S),
                ("take_over", cell.take_over_once, POLL_S),
            ]
            if cell.callers is not None:
                found.append(("call", cell.callers.claim, POLL_S, cell.call_bell))
        if self._control is not None:
            found.append(("control", self._control, POLL_S, self._control_bell))
        return found + [(chore.name, chore.run, chore.every_s, chore.bell) for chore in self._chores]

    async def _loop(
        self, name: str, work: Callable[[], Awaitable[Any]], every_s: float, bell: asyncio.Event | None = None
    ) -> None:
        """Repeat ``work``, at once while it says True, else after a pause or at the bell."""
        quiet_until = 0.0
        while True:
            if bell is not None:
                bell.clear()
            try:
                if await work() is True:
                    continue
                pause_s = every_s
            except Exception as error:
                if time.monotonic() >= quiet_until:
                    log.warning("worker.trouble", loop=name, error=repr(error))
                    quiet_until = time.monotonic() + 10
                pause_s = min(every_s, random.uniform(0.2, 1.0))  # noqa: S311 - spreads load
            await _pause(pause_s, bell)

    async def _hear(self, listen: Callable[..., AsyncIterator[Any]]) -> None:
        cells = {channel(cell.name): cell for cell in self.cells}
        control = Joined(self._control_bell.set, PAUSE_S)
        # A signup leaves a mail to be sent, and the pool with one schema less.
        pools = Joined(self._fill_pools, POOL_PAUSE_S)
        bells = {
            name: {
                EVENTS: Joined(cell.relay_bell.set, PAUSE_S),
                JOBS: Joined(cell.wake, PAUSE_S),
                CONTROL: control,
            }
            for name, cell in cells.items()
        }
        async for signal in listen(*cells):
            bell = bells[signal.channel].get(signal.data.decode()) if signal.channel is not None else None
            if bell is not None:
                bell()
                if bell is control:
                    pools()
                continue
            control()
            for cell in self.cells:
                cell.ring()

    def _fill_pools(self) -> None:
        for cell in self.cells:
            cell.pool_bell.set()

    async def _drain(self, cell: CellWork) -> None:
        try:
            await asyncio.gather(*(runner.drain(GRACE_S) for runner in cell.runners))
        except Exception as error:
            log.warning("worker.left_untold", cell=cell.name, error=repr(error))


async def _pause(seconds: float, bell: asyncio.Event | None) -> None:
    if bell is None:
        await asyncio.sleep(seconds)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()


def worker(runtime: Runtime, *, slots: int = 12, chores: Sequence[Chore] = ()) -> Worker:
    """Build the worker of a process from its parts."""
    cells = [_cell(runtime, name, slots) for name in runtime.databases.cells()]
    return Worker(
        cells,
        listen=runtime.cache.subscribe,
        chores=(*_housekeeping(runtime, cells), *chores),
        control=partial(control_jobs.work_once, runtime),
    )


async def drain(runtime: Runtime) -> None:
    """Do what is due, and what follows from it, until nothing is left; for tests and for single commands."""
    cells = worker(runtime).cells
    while await control_jobs.work_once(runtime) or any(
        [await cell.relay_once() or await cell.work_once() for cell in cells]
    ):
        pass


def _cell(runtime: Runtime, name: str, slots: int) -> CellWork:
    open_cell = partial(runtime.databases.cell, name)
    registry = runtime.registry
    later = [item for items in registry.subscriptions.values() for item in items if not item.in_transaction]
    queue = Queue(open_cell)
    calls = Queue(open_cell, CALLS)
    machinery = Machinery(
        open_ctx=partial(open_job, runtime),
        jobs=registry.jobs,
        subscribers={subscriber_name(item): item for item in later},
        events=registry.events,
        is_on=partial(is_on, runtime),
        progressed=queue.progressed,
        rests=partial(resting.note, runtime),
        faulted=runtime.faults.note,
    )
    claim_bell, call_bell = asyncio.Event(), asyncio.Event()
    return CellWork(
        name,
        Runner(queue, machinery, slots=slots, wake=claim_bell.set),
        Relay(open_cell, registry.subscriptions, machinery.is_on),
        Schedules(open_cell),
        Runner(
            calls,
            replace(machinery, progressed=calls.progressed),
            slots=CALL_SLOTS,
            cap=CALLS_OF_A_TENANT,
            wake=call_bell.set,
        ),
        call_for_help=partial(runtime.waker.notify, news(name, JOBS)),
        claim_bell=claim_bell,
        call_bell=call_bell,
    )


async def is_on(runtime: Runtime, tenant_id: UUID, plugin: str) -> bool:
    """Whether a tenant exists and has a module switched on."""
    tenant = await runtime.directory.by_id(tenant_id)
    return tenant is not None and runtime.registry.is_on(plugin, tenant.plugins)


@asynccontextmanager
async def open_job(runtime: Runtime, job: Claimed) -> AsyncIterator[Ctx]:
    """Open a job's transaction with the present rights of whoever asked for it.

    Jobs of events and schedules run with the system's rights. A key's job never exceeds what the key could do.
    """
    tenant = await runtime.directory.by_id(job.tenant_id)
    if tenant is None:
        raise TenantGone(f"there is no tenant {job.tenant_id}")
    if tenant.state != "active":
        raise Postpone(CLOSED_S)
    async with _entered(runtime, tenant, job) as ctx:
        yield ctx


def _entered(runtime: Runtime, tenant: Tenant, job: Claimed) -> AbstractAsyncContextManager[Ctx]:
    if job.actor.member_id is None:
        return runtime.open(tenant, request_id=job.request_id)
    return _as_member(runtime, tenant, job)


@asynccontextmanager
async def _as_member(runtime: Runtime, tenant: Tenant, job: Claimed) -> AsyncIterator[Ctx]:
    # Without the key's id: the runtime remembers actors by it, and this one has no scopes.
    principal = Principal(kind="member", tenant=tenant, member_id=job.actor.member_id)
    async with runtime.enter(principal, request_id=job.request_id) as ctx:
        if job.actor.kind == "key":
            ctx.actor = _as_key(ctx.actor, job)
        yield ctx


def _as_key(actor: Actor, job: Claimed) -> Actor:
    grants = narrowed(actor.grants, job.actor.grants)
    return replace(actor, kind="key", key_id=job.actor.key_id, grants=grants)


def _housekeeping(runtime: Runtime, cells: Sequence[CellWork]) -> list[Chore]:
    databases = runtime.databases
    chores = [
        Chore("schedules", 60, partial(reconcile, runtime, cells)),
        Chore("deletions", 600, partial(remove_deleted, runtime)),
        Chore("dead letters", 86_400, partial(control_jobs.forget_dead, runtime)),
    ]
    chores += [
        Chore(spec.name, spec.every_s or 0, partial(control_jobs.run, runtime, spec, spec.params()))
        for spec in control_jobs.scheduled(runtime)
    ]
    for cell in cells:
        pool = WarmPool(
            settings=databases.settings,
            cell=cell.name,
            size=runtime.settings.pool,
            new_key=runtime.keyring.new_tenant_key,
        )
        chores += [
            Chore("pool", POOL_S, pool.refill, cell.pool_bell),
            Chore("tidy", 600, partial(tidy, partial(databases.cell, cell.name))),
        ]
    return chores


async def remove_deleted(runtime: Runtime) -> None:
    """Remove the workspaces whose grace period has passed, with their files."""
    for tenant in await delete_due(runtime.databases):
        await runtime.files.delete_tenant(tenant.schema)
        runtime.directory.forget(tenant.id)


async def reconcile(runtime: Runtime, cells: Sequence[CellWork]) -> None:
    """Make the schedules of every cell those that its tenants' modules declare."""
    tenants = await runtime.directory.all()
    declared = [
        spec
        for spec in runtime.registry.jobs.values()
        if spec.every_s is not None and spec.kind != control_jobs.CONTROL
    ]
    for cell in cells:
        wanted = [
            Wanted(tenant.schema, tenant.id, spec.name, spec.every_s)
            for tenant in tenants
            if tenant.cell == cell.name and tenant.state == "active"
            for spec in declared
            if spec.every_s is not None and runtime.registry.is_on(spec.plugin, tenant.plugins)
        ]
        await cell.schedules.reconcile(wanted)
