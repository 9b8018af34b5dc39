"""What the control plane asked for, carried out after its commit: jobs in tenants, and jobs of its own.

Owns the rows of ``control.outbox`` from the moment they are due. Emits nothing.
Never holds a transaction while a handler works: a row is leased, and given back by the lease's end if its worker dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Delete, Update, delete, select, update

from core.kernel.jobs.attempt import backoff_s
from core.tenancy.control_log import ControlOutbox
from core.tenancy.ctx import SYSTEM, Actor, QueuedJob

if TYPE_CHECKING:
    from core.ext.specs import JobSpec
    from core.runtime import Runtime

CONTROL = "control"
BATCH = 20
LIMIT_S = 300.0
LEASE_S = LIMIT_S + 60.0
CLOSED_S = 300.0
DEAD_KEPT = timedelta(days=90)
"""How long the operator can see what gave up."""
LOOK_S = 1.0
UNKNOWN_RETRIES = 8
"""While releases change, an older worker may meet what a newer one asked for: it leaves that for the newer one."""

log = structlog.get_logger(__name__)


async def work_once(runtime: Runtime) -> bool:
    """Carry out what is due; True while there was anything.

    A job of the control plane runs at least once, is tried again with growing pauses, and stays as dead after its
    retries. A job in a tenant is queued there under the row's own id, so queueing it again changes nothing.
    """
    running: set[asyncio.Task[None]] = set()
    was_busy = False
    try:
        while True:
            # One that is slow keeps its own place and nobody waiting: the others' places are filled again.
            rows = await _lease(runtime, BATCH - len(running)) if len(running) < BATCH else []
            running |= {asyncio.create_task(_settle(runtime, row)) for row in rows}
            if not running:
                return was_busy
            was_busy = True
            done, running = await asyncio.wait(running, timeout=LOOK_S)
            for task in done:
                if (error := task.exception()) is not None:
                    log.warning("control_job.untold", error=repr(error))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def scheduled(runtime: Runtime) -> list[JobSpec]:
    """The control plane's jobs that every worker process runs now and then."""
    return [spec for spec in runtime.registry.jobs.values() if spec.kind == CONTROL and spec.every_s]


async def forget_dead(runtime: Runtime) -> None:
    """Remove what gave up long ago; what ended well is gone at once."""
    old = ControlOutbox.dead_at < runtime.clock.now() - DEAD_KEPT
    await _change(runtime, delete(ControlOutbox).where(old))


async def run(runtime: Runtime, spec: JobSpec, params: msgspec.Struct) -> None:
    """Run one job of the control plane within its time limit."""
    async with asyncio.timeout(min(spec.timeout_s, LIMIT_S)):
        await spec.handler(runtime, params)


async def _lease(runtime: Runtime, most: int) -> Sequence[ControlOutbox]:
    now = runtime.clock.now()
    due = (
        select(ControlOutbox.id)
        .where(ControlOutbox.run_at <= now, ControlOutbox.dead_at.is_(None))
        .order_by(ControlOutbox.run_at, ControlOutbox.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(ControlOutbox)
        .where(ControlOutbox.id.in_(due.scalar_subquery()))
        .values(run_at=now + timedelta(seconds=LEASE_S))
        .returning(ControlOutbox)
    )
    async with runtime.databases.control() as unit:
        rows = (await unit.session.scalars(taken)).all()
        for row in rows:
            unit.session.expunge(row)
        await unit.commit()
    return rows


async def _settle(runtime: Runtime, row: ControlOutbox) -> None:
    spec = runtime.registry.jobs.get(row.job)
    try:
        if spec is None:
            raise LookupError(f"nobody declares the job {row.job}")
        if row.tenant_id is not None:
            if not await _queue(runtime, row, row.tenant_id, spec):
                await _give_back(runtime, row, CLOSED_S)
                return
        else:
            await run(runtime, spec, msgspec.convert(row.params, spec.params))
    except asyncio.CancelledError:
        await _give_back(runtime, row, 0)
        raise
    except Exception as error:
        await _fail(runtime, row, error, retries=spec.retries if spec else UNKNOWN_RETRIES)
        return
    await _change(runtime, delete(ControlOutbox).where(ControlOutbox.id == row.id))


async def _queue(runtime: Runtime, row: ControlOutbox, tenant_id: UUID, spec: JobSpec) -> bool:
    tenant = await runtime.directory.by_id(tenant_id)
    if tenant is None or tenant.state == "deleting":
        log.warning("control_job.dropped", job=row.job, tenant=str(tenant_id))
        return True
    if tenant.state == "suspended":
        return False
    job = QueuedJob(id=row.id, name=row.job, params=msgspec.convert(row.params, spec.params), title=row.title)
    who = Actor(kind="member", member_id=row.member_id) if row.member_id else SYSTEM
    async with runtime.open(tenant, actor=who, request_id=row.request_id) as ctx:
        ctx.queue(job)
    return True


async def _fail(runtime: Runtime, row: ControlOutbox, error: Exception, *, retries: int) -> None:
    now, attempts = runtime.clock.now(), row.attempts + 1
    is_dead = attempts > retries
    log.warning("control_job.failed", job=row.job, attempts=attempts, is_dead=is_dead, error=repr(error))
    change = _mine(row).values(
        attempts=attempts,
        error=repr(error)[:2_000],
        run_at=now + timedelta(seconds=backoff_s(attempts)),
        dead_at=now if is_dead else None,
    )
    await _change(runtime, change)


async def _give_back(runtime: Runtime, row: ControlOutbox, delay_s: float) -> None:
    later = runtime.clock.now() + timedelta(seconds=delay_s)
    await _change(runtime, _mine(row).values(run_at=later))


def _mine(row: ControlOutbox) -> Update:
    return update(ControlOutbox).where(ControlOutbox.id == row.id)


async def _change(runtime: Runtime, statement: Update | Delete) -> None:
    async with runtime.databases.control() as unit:
        await unit.session.execute(statement)
        await unit.commit()
