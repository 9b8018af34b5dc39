import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from core.kernel import jobs
from core.kernel.ids import uuid7
from core.kernel.jobs import letters
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import (
    ANN,
    Count,
    NoteAdded,
    Scene,
    count,
    declare,
    job,
    leave,
    left,
    queued,
    rows,
    run_of,
    until,
)


async def test_a_job_runs_its_steps_and_leaves_the_queue(scene: Scene, tenant: Tenant) -> None:
    [run_id] = await scene.enqueue(tenant, job(params=Count(steps=3), title="Counting", total=3), actor=ANN)
    waiting = await run_of(scene, tenant, run_id)
    assert (waiting.state, waiting.title, waiting.total, waiting.member_id) == (
        "waiting",
        "Counting",
        3,
        ANN.member_id,
    )
    await scene.settle()
    assert left(scene, tenant) == [(str(run_id), str(n)) for n in range(3)]
    ended = await run_of(scene, tenant, run_id)
    assert (ended.state, ended.done, ended.total) == ("done", 3, 3)
    assert ended.finished_at is not None
    assert queued(scene) == 0


async def test_an_undone_transaction_queues_nothing(scene: Scene, tenant: Tenant) -> None:
    with pytest.raises(KeyError):
        await scene.enqueue(tenant, job(), job("nobody declares this"))
    await scene.settle()
    assert left(scene, tenant) == []


async def test_an_event_reaches_each_subscriber_once(scene: Scene, tenant: Tenant) -> None:
    ids = await scene.emit(tenant, *(NoteAdded(subject_id=uuid7(), text=str(n)) for n in range(20)))
    await scene.settle()
    assert left(scene, tenant) == sorted((str(event_id), str(n)) for n, event_id in enumerate(ids))
    assert queued(scene) == 0


async def test_a_job_is_stopped_at_its_next_step_when_cancelled(scene: Scene, tenant: Tenant) -> None:
    [run_id] = await scene.enqueue(tenant, job(params=Count(steps=500, pause_s=0.01), title="Long"))
    await scene.runner.claim()
    await until(lambda: left(scene, tenant))
    await cancel(scene, tenant, run_id)
    await scene.settle()
    ended = await run_of(scene, tenant, run_id)
    assert ended.state == "cancelled"
    assert 0 < ended.done < 500
    assert len(left(scene, tenant)) == ended.done


async def test_a_handler_that_looks_ends_a_cancelled_job_itself(scene: Scene, tenant: Tenant) -> None:
    async def handler(run: jobs.JobRun) -> None:
        for number in range(500):
            if run.cancelled:
                await run.step("farewell", leave, run.id, "farewell")
                raise jobs.Cancelled
            await run.step(f"{number}", leave, run.id, str(number))
            await asyncio.sleep(0.01)

    declare(scene, handler)
    [run_id] = await scene.enqueue(tenant, job("test", title="Long"))
    await scene.runner.claim()
    await until(lambda: left(scene, tenant))
    await cancel(scene, tenant, run_id)
    await scene.settle()
    assert (str(run_id), "farewell") in left(scene, tenant)
    assert (await run_of(scene, tenant, run_id)).state == "cancelled"


async def test_a_waiting_job_that_is_cancelled_never_begins(scene: Scene, tenant: Tenant) -> None:
    [run_id] = await scene.enqueue(tenant, job(title="Never"))
    await cancel(scene, tenant, run_id)
    await scene.settle()
    assert left(scene, tenant) == []
    assert (await run_of(scene, tenant, run_id)).state == "cancelled"


async def cancel(scene: Scene, tenant: Tenant, run_id: Any) -> None:
    async with scene.databases.tenant(tenant) as unit:
        await jobs.cancel(unit.session, run_id, now=datetime.now(UTC))
        await unit.commit()


async def test_an_equal_waiting_job_is_kept(scene: Scene, tenant: Tenant, other_tenant: Tenant) -> None:
    await scene.enqueue(tenant, job(key="k"), job(key="k"), job(key="other"))
    await scene.enqueue(tenant, job(key="k", title="Seen"))
    await scene.enqueue(other_tenant, job(key="k"))
    assert queued(scene) == 3
    await scene.settle()
    await scene.enqueue(tenant, job(key="k"))
    assert queued(scene) == 1


async def test_a_job_for_later_waits(scene: Scene, tenant: Tenant) -> None:
    await scene.enqueue(tenant, job(run_at=datetime.now(UTC) + timedelta(hours=1)))
    await scene.settle()
    assert left(scene, tenant) == []
    assert queued(scene) == 1


async def test_no_tenant_waits_for_the_flood_of_another(
    scene: Scene, tenant: Tenant, other_tenant: Tenant
) -> None:
    await scene.enqueue(tenant, *(job(params=Count(pause_s=0.02)) for _ in range(3000)))
    flooding, ahead = 0, []
    asked: dict[Any, int] = {}

    async def flood(run: jobs.JobRun) -> None:
        nonlocal flooding
        flooding += 1
        await count(run)

    async def handler(run: jobs.JobRun) -> None:
        await run.step("only", leave, run.id, "x")
        ahead.append(flooding - asked[run.id])

    scene.specs["count"] = msgspec.structs.replace(scene.specs["count"], handler=flood)
    declare(scene, handler)
    stopping = False

    async def work() -> None:
        while not stopping:
            await scene.runner.claim()
            await asyncio.sleep(0.005)

    worker = asyncio.create_task(work())
    await until(lambda: flooding > 10)
    for _ in range(100):
        wanted = job("test")
        asked[wanted.id] = flooding
        await scene.enqueue(other_tenant, wanted)
    await until(lambda: len(ahead) == 100)
    stopping = True
    await worker
    # They take turns: hardly more of the flood goes before a job than there are jobs of its own tenant.
    assert sorted(ahead)[98] <= 200, sorted(ahead)[90:]
    assert queued(scene) > 1000, "the flood was over too soon to show anything"
    await scene.runner.drain(0.1)


async def test_a_tenant_runs_no_more_than_its_share(
    scene: Scene, tenant: Tenant, other_tenant: Tenant
) -> None:
    second = Scene(scene.databases, scene.tenants)
    await scene.enqueue(tenant, *(job() for _ in range(30)))
    await scene.enqueue(other_tenant, *(job() for _ in range(2)))
    first, other = await asyncio.gather(scene.queue.claim(12, cap=4), second.queue.claim(12, cap=4))
    claimed = [item.tenant_role for item in (*first, *other)]
    assert claimed.count(tenant.schema) == 4
    assert claimed.count(other_tenant.schema) == 2
    assert len({item.id for item in (*first, *other)}) == 6


async def test_a_job_that_was_taken_away_is_stopped(scene: Scene, tenant: Tenant) -> None:
    await scene.enqueue(tenant, job(params=Count(steps=100, pause_s=0.05)))
    await scene.runner.beat()
    await scene.runner.claim()
    await scene.runner.beat()
    assert scene.runner.running == 1
    await asyncio.to_thread(free_all, scene)
    await scene.runner.beat()
    await until(lambda: scene.runner.running == 0)
    assert len(left(scene, tenant)) < 100, "it went on to its end"


async def test_a_claim_whose_answer_was_lost_is_given_back(scene: Scene, tenant: Tenant) -> None:
    await scene.enqueue(tenant, job())
    await scene.queue.claim(1, cap=1)
    await scene.runner.beat()
    await scene.settle()
    assert len(left(scene, tenant)) == 1


async def test_a_stopping_worker_gives_its_jobs_back(scene: Scene, tenant: Tenant) -> None:
    gate = asyncio.Event()

    async def handler(run: jobs.JobRun) -> None:
        await count(run)
        await gate.wait()
        await run.step("last", leave, run.id, "last")

    declare(scene, handler)
    [run_id] = await scene.enqueue(tenant, job("test", Count(steps=5), title="Long"))
    await scene.runner.claim()
    await until(lambda: len(left(scene, tenant)) == 5)
    await scene.runner.drain(0.05)
    query = "SELECT state, attempts, crashes, worker_id FROM cell.job"
    assert rows(scene.databases.settings, query) == [("ready", 0, 0, None)]
    gate.set()
    await Scene(scene.databases, scene.tenants, scene.specs).settle()
    assert len(left(scene, tenant)) == 6
    assert (await run_of(scene, tenant, run_id)).done == 5


def free_all(scene: Scene) -> None:
    with psycopg.connect(scene.databases.settings.admin_dsn()) as admin:
        admin.execute("UPDATE cell.job SET state = 'ready', worker_id = NULL")


async def test_two_workers_with_one_job_leave_one_effect(scene: Scene, tenant: Tenant) -> None:
    """The lease is no lock: when it fails, the receipts of the steps still hold."""
    await scene.enqueue(tenant, job(params=Count(steps=20, pause_s=0.01)))
    second = Scene(scene.databases, scene.tenants)
    await scene.runner.claim()
    await asyncio.sleep(0.05)
    await asyncio.to_thread(free_all, scene)
    await asyncio.gather(scene.settle(), second.settle())
    assert len(left(scene, tenant)) == len(set(left(scene, tenant))) == 20


async def test_runs_are_listed_newest_first(scene: Scene, tenant: Tenant) -> None:
    await scene.enqueue(tenant, job(title="one"))
    await scene.enqueue(tenant, job(title="two"))
    async with scene.databases.tenant(tenant, readonly=True) as unit:
        found = await letters.runs(unit.session)
        rest = await letters.runs(unit.session, before=found[0].created_at)
    assert [run.title for run in found] == ["two", "one"]
    assert [run.title for run in rest] == ["one"]


async def test_a_job_that_nobody_sees_resumes_after_a_stop(scene: Scene, tenant: Tenant) -> None:
    await scene.enqueue(tenant, job(params=Count(steps=20, pause_s=0.02)))
    await scene.runner.claim()
    await until(lambda: left(scene, tenant))
    await scene.runner.drain(0.01)
    await Scene(scene.databases, scene.tenants).settle()
    assert len(left(scene, tenant)) == 20


async def test_calls_wait_in_slots_of_their_own(scene: Scene, tenant: Tenant, other_tenant: Tenant) -> None:
    answered = asyncio.Event()

    async def call(run: jobs.JobRun) -> None:
        await answered.wait()
        await run.step("said", leave, run.id, "said")

    declare(scene, call, kind="call")
    queue = jobs.Queue(scene.open_cell, jobs.CALLS)
    callers = jobs.Runner(queue, scene.machinery(), slots=6, cap=4)
    await scene.enqueue(tenant, *(job("test") for _ in range(20)))
    await scene.enqueue(other_tenant, job("test"), job("test"), job())
    await callers.claim()
    await scene.runner.claim()
    assert callers.running == 6
    await until(lambda: left(scene, other_tenant))
    assert left(scene, tenant) == []
    assert await scene.queue.beat() == set() or scene.runner.running == 0
    assert len(await queue.beat()) == 6
    answered.set()
    while len(left(scene, tenant)) < 20:
        await callers.claim()
        await asyncio.sleep(0.01)
    assert len(left(scene, other_tenant)) == 3
