import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from core.ext.specs import JobSpec
from core.kernel import jobs
from core.kernel.cache import Signal
from core.kernel.errors import NotFound
from core.kernel.events import ActorRef
from core.kernel.ids import uuid7
from core.kernel.jobs import Claimed
from core.kernel.wake import CONTROL, channel, news
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.worker import POLL_S, CellWork, Chore, Worker, open_job, reconcile, worker
from tests.core.kernel.scene import Count
from tests.fixtures.people import Person

NAME = "testing.note"


@asynccontextmanager
async def working(runtime: Runtime, *chores: Chore, cells: Sequence[CellWork] = ()) -> AsyncIterator[None]:
    """A worker's loops in this process, without the housekeeping; signals reach it from the first line on."""
    hears = asyncio.Event()

    async def listen(*channels: str) -> AsyncIterator[Signal]:
        async for signal in runtime.cache.subscribe(*channels):
            hears.set()
            yield signal

    made = Worker(cells or worker(runtime).cells, listen=listen, chores=chores)
    task = asyncio.create_task(made.run())
    await hears.wait()
    yield
    made.stop()
    await task


@pytest.fixture
def ended(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[UUID]:
    """The jobs of the test's kind, as they end."""
    ends: asyncio.Queue[UUID] = asyncio.Queue()

    async def handler(run: jobs.JobRun) -> None:
        await run.step("look", look)
        ends.put_nowait(run.id)

    async def look(ctx: Any) -> None:
        assert ctx.tenant.slug

    spec = JobSpec(plugin="customers", name=NAME, handler=handler, params=Count)
    monkeypatch.setitem(runtime.registry.jobs, NAME, spec)
    return ends


def claimed(person: Person, **options: Any) -> Claimed:
    values: dict[str, Any] = {
        "id": uuid7(),
        "run_id": uuid7(),
        "tenant_role": person.tenant.schema,
        "tenant_id": person.tenant.id,
        "kind": "bulk",
        "name": NAME,
        "params": {},
        "actor": ActorRef(kind="member", member_id=person.member_id),
        "request_id": "r1",
        "claims": 1,
        "attempts": 0,
        "crashes": 0,
        "steps_seen": 0,
        "is_visible": False,
    }
    return Claimed(**{**values, **options})


async def test_a_commit_wakes_the_worker(
    runtime: Runtime, ann: Person, ended: asyncio.Queue[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever only finds jobs by looking finds the next one too late.
    monkeypatch.setattr("core.worker.POLL_S", 3_600.0)
    async with working(runtime):
        for _ in range(5):
            await asyncio.sleep(0.15)
            async with ann.acting() as ctx:
                run_id = ctx.enqueue(NAME, Count())
            assert await asyncio.wait_for(ended.get(), 60) == run_id


async def test_a_signup_has_the_pool_filled(runtime: Runtime, fresh: None) -> None:
    looks: asyncio.Queue[None] = asyncio.Queue()
    cells = worker(runtime).cells
    pool = Chore("pool", 3_600, lambda: looks.put(None), cells[0].pool_bell)
    async with working(runtime, pool, cells=cells):
        await looks.get()
        runtime.waker.notify(news("main", CONTROL))
        await asyncio.wait_for(looks.get(), 60)


async def test_a_worker_without_a_cache_looks_every_second(
    runtime: Runtime, ann: Person, ended: asyncio.Queue[UUID]
) -> None:
    assert POLL_S <= 1
    deaf = Worker(worker(runtime).cells)
    task = asyncio.create_task(deaf.run())
    # It has looked for jobs, and found none.
    await asyncio.sleep(0.2)
    async with ann.acting() as ctx:
        run_id = ctx.enqueue(NAME, Count())
    assert await asyncio.wait_for(ended.get(), 60) == run_id
    deaf.stop()
    await task


async def test_a_job_has_the_present_rights_of_who_asked_for_it(runtime: Runtime, bo: Person) -> None:
    async with open_job(runtime, claimed(bo)) as ctx:
        assert (ctx.actor.kind, ctx.actor.member_id, ctx.request_id) == ("member", bo.member_id, "r1")
        own = dict(ctx.actor.grants)
    async with bo.ctx() as ctx:
        assert dict(ctx.actor.grants) == own


async def test_a_keys_job_never_exceeds_the_key(runtime: Runtime, ann: Person) -> None:
    key_id = uuid7()
    narrow = ActorRef(
        kind="key",
        member_id=ann.member_id,
        key_id=key_id,
        grants={"customers.view": "own", "invented": "all"},
    )
    async with open_job(runtime, claimed(ann, actor=narrow)) as ctx:
        assert (ctx.actor.kind, ctx.actor.key_id) == ("key", key_id)
        assert {name: reach for name, reach in ctx.actor.grants.items() if reach != "none"} == {
            "customers.view": "own"
        }
    asked = Principal(
        kind="key", tenant=ann.tenant, member_id=ann.member_id, key_id=key_id, scopes=frozenset()
    )
    async with runtime.enter(asked) as ctx:
        assert set(ctx.actor.grants.values()) == {"none"}, "the job's rights stayed with the key"


async def test_the_job_of_somebody_who_left_does_not_run(runtime: Runtime, bo: Person) -> None:
    gone = claimed(bo, actor=ActorRef(kind="member", member_id=uuid7()))
    with pytest.raises(NotFound):
        async with open_job(runtime, gone):
            raise AssertionError


async def test_jobs_of_a_closed_workspace_wait(runtime: Runtime, ann: Person) -> None:
    tenant = replace(ann.tenant, state="suspended")

    class Closed:
        async def by_id(self, _tenant_id: object) -> object:
            return tenant

    with pytest.raises(jobs.Postpone):
        async with open_job(replace(runtime, directory=Closed()), claimed(ann)):  # type: ignore[arg-type]
            raise AssertionError


async def test_a_chore_that_fails_is_tried_again(runtime: Runtime, ann: Person) -> None:
    calls, again = 0, asyncio.Event()

    async def flaky() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError("away")
        again.set()

    async with working(runtime, Chore("flaky", 3_600, flaky)):
        await asyncio.wait_for(again.wait(), 60)
    assert calls == 2


async def test_schedules_follow_what_modules_declare(
    runtime: Runtime, ann: Person, monkeypatch: pytest.MonkeyPatch, ended: asyncio.Queue[UUID]
) -> None:
    spec = runtime.registry.jobs[NAME]
    monkeypatch.setitem(runtime.registry.jobs, NAME, msgspec.structs.replace(spec, every_s=3600))
    cells = worker(runtime).cells
    await reconcile(runtime, cells)
    async with runtime.databases.cell("main") as unit:
        found = await unit.session.execute(
            text("SELECT tenant_role FROM cell.schedule WHERE name = :n"), {"n": NAME}
        )
        assert ann.tenant.schema in set(found.scalars())


async def test_a_signal_rings_only_for_what_was_written(runtime: Runtime) -> None:
    made = worker(runtime)
    (cell,) = made.cells
    bells = {
        "relay": cell.relay_bell,
        "claim": cell.claim_bell,
        "call": cell.call_bell,
        "control": made._control_bell,
    }

    async def rung(signal: Signal) -> set[str]:
        async def listen(*channels: str) -> AsyncIterator[Signal]:
            assert channels == (channel(cell.name),)
            yield signal

        for bell in bells.values():
            bell.clear()
        await made._hear(listen)
        await asyncio.sleep(0.01)
        return {name for name, bell in bells.items() if bell.is_set()}

    name = channel(cell.name)
    assert await rung(Signal(name, b"events")) == {"relay"}
    assert await rung(Signal(name, b"jobs")) == {"claim", "call"}
    assert await rung(Signal(name, b"control")) == {"control"}
    everything = set(bells)
    assert await rung(Signal(name, b"of another release")) == everything
    assert await rung(Signal(None)) == everything
