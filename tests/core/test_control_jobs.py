"""Jobs that the control plane asks for: in a tenant, and of its own."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.control_jobs import CLOSED_S, LEASE_S, forget_dead, scheduled, work_once
from core.ext.specs import JobSpec
from core.imports.jobs import FORGET, Nothing
from core.kernel.clock import FrozenClock
from core.tenancy.control_log import ControlOutbox
from core.work.checks import queue_problems
from core.worker import worker
from tests.core.kernel.scene import Count

OWN = "testing.own"


class Handler:
    """A handler that fails as often as it is told to, and says what it was given."""

    def __init__(self) -> None:
        self.failures = 0
        self.seen: list[Any] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self, runtime: Any, params: Any) -> None:
        self.seen.append(params)
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not today")


@pytest.fixture
def own(runtime, monkeypatch) -> Handler:
    handler = Handler()
    spec = JobSpec(name=OWN, handler=handler, params=Count, kind="control", retries=2, every_s=60)
    monkeypatch.setitem(runtime.registry.jobs, OWN, spec)
    return handler


@pytest.fixture
def clock(runtime, monkeypatch) -> FrozenClock:
    clock = FrozenClock(runtime.clock.now())
    monkeypatch.setattr(runtime, "clock", clock)
    return clock


async def rows(runtime) -> list[ControlOutbox]:
    async with runtime.databases.control(readonly=True) as unit:
        return list(await unit.session.scalars(sa.select(ControlOutbox)))


async def test_a_job_in_a_tenant_is_queued_once_however_often_it_is_handed_over(runtime, ann, committing):
    async with runtime.control(ann.principal) as control:
        asked = control.enqueue(FORGET, Nothing(), tenant_id=ann.tenant.id, title="Tidy")
    (row,) = await rows(runtime)
    kept = {column.key: getattr(row, column.key) for column in sa.inspect(ControlOutbox).columns}
    assert await work_once(runtime)
    assert not await work_once(runtime)
    async with runtime.databases.control() as unit:
        unit.session.add(ControlOutbox(**kept))
        await unit.commit()
    assert await work_once(runtime)
    async with ann.ctx() as ctx:
        found = await ctx.session.execute(sa.text("SELECT id, member_id, title FROM job_run"))
        assert found.all() == [(asked, ann.member_id, "Tidy")]


async def test_who_asks_for_another_workspace_asks_as_the_system(runtime, ann, zed, committing):
    async with runtime.control(zed.principal) as control:
        control.enqueue(FORGET, Nothing(), tenant_id=ann.tenant.id)
    assert (await rows(runtime))[0].member_id is None


async def test_a_job_for_nobody_is_dropped(runtime, ann, committing):
    async with runtime.control() as control:
        control.enqueue(FORGET, Nothing(), tenant_id=uuid.uuid4())
    assert await work_once(runtime)
    assert not await rows(runtime)


async def test_a_job_that_nobody_declares_waits_for_a_worker_that_does(runtime, ann, committing, clock):
    async with runtime.control() as control:
        control.enqueue("newer.job", Nothing(), tenant_id=ann.tenant.id)
    assert await work_once(runtime)
    (row,) = await rows(runtime)
    assert (row.attempts, row.dead_at) == (1, None)
    assert "newer.job" in str(row.error)


async def test_a_job_for_a_suspended_workspace_waits(runtime, ann, committing, clock):
    async with runtime.control() as control:
        control.enqueue(FORGET, Nothing(), tenant_id=ann.tenant.id)
        await control.session.execute(sa.text("UPDATE control.tenant SET state = 'suspended'"))
    runtime.directory.forget()
    assert await work_once(runtime)
    assert not await work_once(runtime)
    assert (await rows(runtime))[0].attempts == 0
    async with runtime.control() as control:
        await control.session.execute(sa.text("UPDATE control.tenant SET state = 'active'"))
    runtime.directory.forget()
    clock.advance(CLOSED_S)
    assert await work_once(runtime)
    assert not await rows(runtime)


async def test_an_own_job_runs_when_it_is_due_and_is_gone(runtime, committing, own, clock):
    async with runtime.control() as control:
        control.enqueue(OWN, Count(), run_at=clock.now() + timedelta(minutes=1))
    assert not await work_once(runtime)
    clock.advance(60)
    assert await work_once(runtime)
    assert own.seen == [Count()]
    assert not await rows(runtime)


async def test_an_own_job_is_tried_again_and_then_stays_as_dead(runtime, committing, own, clock):
    own.failures = 3
    async with runtime.control() as control:
        control.enqueue(OWN, Count())
    for attempts in (1, 2, 3):
        assert await work_once(runtime)
        (row,) = await rows(runtime)
        assert (row.attempts, row.dead_at is not None) == (attempts, attempts == 3)
        clock.advance(3_600)
    assert not await work_once(runtime)
    assert any("gave up" in problem and "not today" in problem for problem in await queue_problems(runtime))


async def test_a_slow_job_keeps_no_other_waiting(runtime, ann, committing, own, monkeypatch):
    own.gate = asyncio.Event()
    monkeypatch.setattr("core.control_jobs.LOOK_S", 0.01)
    async with runtime.control() as control:
        control.enqueue(OWN, Count())
    working = asyncio.create_task(work_once(runtime))
    while not own.seen:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    async with runtime.control() as control:
        control.enqueue(FORGET, Nothing(), tenant_id=ann.tenant.id)
    while len(await rows(runtime)) > 1:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert not working.done()
    own.gate.set()
    assert await working
    assert not await rows(runtime)


async def test_a_handler_without_end_is_stopped_by_its_time_limit(runtime, committing, own, monkeypatch):
    own.gate = asyncio.Event()
    monkeypatch.setattr("core.control_jobs.LIMIT_S", 0.05)
    async with runtime.control() as control:
        control.enqueue(OWN, Count())
    assert await work_once(runtime)
    assert "Timeout" in str((await rows(runtime))[0].error)


async def test_a_worker_that_stops_gives_the_job_back_and_one_that_dies_lets_the_lease_end(
    runtime, committing, own, clock, monkeypatch
):
    own.gate = asyncio.Event()
    monkeypatch.setattr("core.control_jobs.LOOK_S", 60)
    async with runtime.control() as control:
        control.enqueue(OWN, Count())
    stopping = asyncio.create_task(work_once(runtime))
    while not own.seen:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert not await work_once(runtime)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    dying = asyncio.create_task(work_once(runtime))
    while len(own.seen) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    clock.advance(LEASE_S)
    taking_over = asyncio.create_task(work_once(runtime))
    while len(own.seen) < 3:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    own.gate.set()
    assert await taking_over
    await dying
    assert len(own.seen) == 3
    assert not await rows(runtime)


async def test_a_scheduled_one_is_a_chore_of_every_worker(runtime, own):
    (spec,) = [spec for spec in scheduled(runtime) if spec.name == OWN]
    (chore,) = [chore for chore in worker(runtime)._chores if chore.name == OWN]
    assert chore.every_s == spec.every_s
    await chore.run()
    assert own.seen == [Count()]


async def test_what_gave_up_is_kept_for_ninety_days(runtime, committing, own, clock):
    own.failures = 3
    async with runtime.control() as control:
        control.enqueue(OWN, Count())
    for _ in range(3):
        assert await work_once(runtime)
        clock.advance(3_600)
    async with runtime.control() as control:
        control.enqueue(OWN, Count(), run_at=clock.now() + timedelta(days=200))
    clock.advance(89 * 86_400)
    await forget_dead(runtime)
    assert len(await rows(runtime)) == 2
    clock.advance(86_400)
    await forget_dead(runtime)
    (row,) = await rows(runtime)
    assert row.dead_at is None, "what waits is not forgotten, however long it waits"
    assert "dead letters" in {chore.name for chore in worker(runtime)._chores}
