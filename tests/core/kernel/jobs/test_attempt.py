import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from core.kernel import jobs
from core.kernel.errors import NotFound
from core.kernel.ids import uuid7
from core.kernel.jobs import attempt, circuit
from core.kernel.jobs.circuit import FAILURES_TO_OPEN
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import (
    NoteAdded,
    Scene,
    declare,
    job,
    leave,
    left,
    queued,
    rows,
    run_of,
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "BACKOFF_BASE_S", 0.005)


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
    [until] = rows(scene.databases.settings, f'SELECT open_until FROM "{tenant.schema}".circuit')[0]
    assert scene.told == [(tenant.id, "testing", until)], "told once, when it opened"


async def test_that_a_module_works_again_is_told_when_it_rested(
    scene: Scene, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "OPEN_FOR", timedelta(0))
    declare(scene, failing, retries=0)
    for _ in range(FAILURES_TO_OPEN + 1):
        await scene.enqueue(tenant, job("test"))
        await scene.settle()
    assert [until is None for *_, until in scene.told] == [False, False], "told anew whenever the rest grows"
    await scene.enqueue(tenant, job(), job())
    await scene.settle()
    assert [until is None for *_, until in scene.told] == [False, False, True]


async def test_that_nobody_can_be_told_harms_no_job(
    scene: Scene, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(*_: object) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(scene.runner.machinery, "rests", deaf)
    monkeypatch.setattr(circuit, "OPEN_FOR", timedelta(0))
    declare(scene, failing, retries=0)
    for _ in range(FAILURES_TO_OPEN):
        await scene.enqueue(tenant, job("test"))
        await scene.settle()
    await scene.enqueue(tenant, job())
    await scene.settle()
    assert queued(scene) == 0
    query = f'SELECT failures, open_until FROM "{tenant.schema}".circuit'
    assert rows(scene.databases.settings, query) == [(0, None)]


async def test_a_good_job_closes_the_circuit(scene: Scene, tenant: Tenant) -> None:
    declare(scene, failing, retries=0)
    await scene.enqueue(tenant, job("test"))
    await scene.settle()
    await scene.enqueue(tenant, job())
    await scene.settle()
    query = f'SELECT plugin, failures FROM "{tenant.schema}".circuit'
    assert rows(scene.databases.settings, query) == [("testing", 0)]
    assert scene.told == [], "it never rested"


async def failing(_run: jobs.JobRun) -> None:
    raise ValueError("always")


def test_delays_grow_and_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "BACKOFF_BASE_S", 1.0)
    assert max(attempt.backoff_s(1) for _ in range(200)) <= 2
    assert max(attempt.backoff_s(60) for _ in range(200)) <= attempt.BACKOFF_CAP_S
    assert (
        min(attempt.backoff_s(10) for _ in range(200)) < 300 < max(attempt.backoff_s(10) for _ in range(200))
    )
