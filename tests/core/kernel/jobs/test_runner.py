import asyncio
import dataclasses
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from core.ext.specs import JobSpec
from core.kernel import jobs
from core.kernel.errors import NotFound
from core.kernel.ids import uuid7
from core.kernel.jobs import attempt, letters
from core.kernel.jobs.circuit import FAILURES_TO_OPEN
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import ANN, Count, NoteAdded, Scene, effects, job, leave, rows, until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "BACKOFF_BASE_S", 0.005)


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


async def test_a_failed_step_is_undone_and_repeated_with_its_state(scene: Scene, tenant: Tenant) -> None:
    attempts = []

    async def handler(run: jobs.JobRun) -> None:
        attempts.append(dict(run.state))
        run.state["seen"] = len(attempts)
        await run.step("first", leave, run.id, "first")
        await run.step("second", fail_once, run)

    async def fail_once(ctx: Any, run: jobs.JobRun) -> None:
        await leave(ctx, run.id, "second")
        if len(attempts) == 1:
            raise ValueError("not yet")

    declare(scene, handler)
    [run_id] = await scene.enqueue(tenant, job("test"))
    await scene.settle()
    assert attempts == [{}, {"seen": 1}]
    assert left(scene, tenant) == [(str(run_id), "first"), (str(run_id), "second")]


async def test_a_hopeless_job_becomes_a_dead_letter_that_can_be_replayed(
    scene: Scene, tenant: Tenant
) -> None:
    is_broken = True

    async def handler(run: jobs.JobRun) -> None:
        await run.step("before", leave, run.id, "before")
        if is_broken:
            raise ValueError("boom")
        await run.step("after", leave, run.id, "after")

    declare(scene, handler, title="Break")
    [run_id] = await scene.enqueue(tenant, job("test"))
    await scene.settle()
    async with scene.databases.tenant(tenant, readonly=True) as unit:
        [letter] = await jobs.dead_letters(unit.session)
    assert (letter.id, letter.title, letter.error, letter.attempts) == (
        run_id,
        "Break",
        "ValueError: boom",
        3,
    )
    assert queued(scene) == 0
    is_broken = False
    async with scene.databases.tenant(tenant) as unit:
        await jobs.replay(unit.session, tenant, run_id)
        with pytest.raises(NotFound):
            await jobs.replay(unit.session, tenant, run_id)
        await unit.commit()
    await scene.settle()
    assert left(scene, tenant) == [(str(run_id), "after"), (str(run_id), "before")]
    assert (await run_of(scene, tenant, run_id)).state == "done"


async def test_a_subscriber_that_fails_for_good_can_be_replayed(scene: Scene, tenant: Tenant) -> None:
    is_broken = True

    async def handler(ctx: Any, event: NoteAdded) -> None:
        await leave(ctx, event.subject_id, "seen")
        if is_broken:
            raise jobs.GiveUp("no use")

    scene.subscriptions["note.added"][:] = [
        msgspec.structs.replace(scene.subscriptions["note.added"][0], handler=handler)
    ]
    scene.runner.machinery = scene.machinery()
    await scene.emit(tenant, NoteAdded(subject_id=uuid7()))
    await scene.settle()
    assert left(scene, tenant) == []
    async with scene.databases.tenant(tenant) as unit:
        [letter] = await jobs.dead_letters(unit.session)
        await jobs.replay(unit.session, tenant, letter.id)
        await unit.commit()
    is_broken = False
    await scene.settle()
    assert len(left(scene, tenant)) == 1
    assert (await run_of(scene, tenant, letter.id)).state == "done"


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


async def test_a_job_that_takes_too_long_is_interrupted(scene: Scene, tenant: Tenant) -> None:
    async def handler(run: jobs.JobRun) -> None:
        await run.step("slow", slow, run)

    async def slow(ctx: Any, run: jobs.JobRun) -> None:
        await leave(ctx, run.id, "slow")
        await asyncio.sleep(60)

    declare(scene, handler, timeout_s=0.1, retries=0)
    await scene.enqueue(tenant, job("test"))
    await scene.settle()
    assert left(scene, tenant) == []
    async with scene.databases.tenant(tenant, readonly=True) as unit:
        [letter] = await jobs.dead_letters(unit.session)
    assert "TimeoutError" in (letter.error or "")


async def test_a_postponed_job_waits_without_being_counted(scene: Scene, tenant: Tenant) -> None:
    async def handler(run: jobs.JobRun) -> None:
        raise jobs.Postpone(3600)

    declare(scene, handler, retries=0)
    await scene.enqueue(tenant, job("test"))
    await scene.settle()
    query = "SELECT state, attempts, run_at > now() + interval '50 min' FROM cell.job"
    assert rows(scene.databases.settings, query) == [("ready", 0, True)]


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


async def test_a_forged_tenant_id_gives_no_access(scene: Scene, tenant: Tenant, other_tenant: Tenant) -> None:
    forged = dataclasses.replace(tenant, id=other_tenant.id)
    await scene.enqueue(forged, job())
    await scene.settle()
    assert left(scene, other_tenant) == []
    assert queued(scene) == 0


async def test_a_module_that_keeps_failing_is_held_back(scene: Scene, tenant: Tenant) -> None:
    calls = []

    async def handler(run: jobs.JobRun) -> None:
        calls.append(run.id)
        raise ValueError("down")

    declare(scene, handler, retries=0)
    for _ in range(FAILURES_TO_OPEN):
        await scene.enqueue(tenant, job("test"))
        await scene.settle()
    await scene.enqueue(tenant, job("test"))
    await scene.settle()
    assert len(calls) == FAILURES_TO_OPEN
    assert rows(scene.databases.settings, "SELECT run_at > now() FROM cell.job") == [(True,)]


async def test_a_good_job_closes_the_circuit(scene: Scene, tenant: Tenant) -> None:
    declare(scene, failing, retries=0)
    await scene.enqueue(tenant, job("test"))
    await scene.settle()
    await scene.enqueue(tenant, job())
    await scene.settle()
    query = f'SELECT plugin, failures FROM "{tenant.schema}".circuit'
    assert rows(scene.databases.settings, query) == [("testing", 0)]


async def failing(_run: jobs.JobRun) -> None:
    raise ValueError("always")


async def test_no_tenant_waits_for_the_flood_of_another(
    scene: Scene, tenant: Tenant, other_tenant: Tenant
) -> None:
    await scene.enqueue(tenant, *(job(params=Count(pause_s=0.02)) for _ in range(3000)))
    ended: list[float] = []

    async def handler(run: jobs.JobRun) -> None:
        await run.step("only", leave, run.id, "x")
        ended.append(time.monotonic())

    declare(scene, handler)
    stopping = False

    async def work() -> None:
        while not stopping:
            await scene.runner.claim()
            await asyncio.sleep(0.005)

    worker = asyncio.create_task(work())
    await asyncio.sleep(0.5)
    started: list[float] = []
    for _ in range(100):
        started.append(time.monotonic())
        await scene.enqueue(other_tenant, job("test"))
    await until(lambda: len(ended) == 100)
    stopping = True
    await worker
    waits = sorted(end - start for start, end in zip(started, sorted(ended), strict=True))
    assert waits[98] <= 1.0, waits[90:]
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
    await asyncio.sleep(0.05)
    assert scene.runner.running == 0


async def test_a_claim_whose_answer_was_lost_is_given_back(scene: Scene, tenant: Tenant) -> None:
    await scene.enqueue(tenant, job())
    await scene.queue.claim(1, cap=1)
    await scene.runner.beat()
    await scene.settle()
    assert len(left(scene, tenant)) == 1


async def test_a_stopping_worker_gives_its_jobs_back(scene: Scene, tenant: Tenant) -> None:
    [run_id] = await scene.enqueue(tenant, job(params=Count(steps=40, pause_s=0.02), title="Long"))
    await scene.runner.claim()
    await asyncio.sleep(0.2)
    await scene.runner.drain(0.05)
    query = "SELECT state, attempts, crashes, worker_id FROM cell.job"
    assert rows(scene.databases.settings, query) == [("ready", 0, 0, None)]
    await Scene(scene.databases, scene.tenants).settle()
    assert len(left(scene, tenant)) == 40
    assert (await run_of(scene, tenant, run_id)).done == 40


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


def test_delays_grow_and_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "BACKOFF_BASE_S", 1.0)
    assert max(attempt.backoff_s(1) for _ in range(200)) <= 2
    assert max(attempt.backoff_s(60) for _ in range(200)) <= attempt.BACKOFF_CAP_S
    assert (
        min(attempt.backoff_s(10) for _ in range(200)) < 300 < max(attempt.backoff_s(10) for _ in range(200))
    )


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
