"""Worker processes killed in the middle of steps: every effect is there, and once."""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from core.kernel.ids import uuid7
from core.kernel.jobs.queue import SILENT_S
from core.tenancy.directory import Tenant
from core.worker import POLL_S
from tests.core.kernel.jobs.child import encode
from tests.core.kernel.scene import Count, NoteAdded, Scene, effects, job, rows, until

KILLS = 8


class Workers:
    """Processes that are started again whenever they were killed."""

    def __init__(self, scene: Scene) -> None:
        self.settings = encode(scene.databases.settings)
        self.processes: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.kernel.jobs.child", self.settings],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "READY\n"
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def workers(scene: Scene) -> Iterator[Workers]:
    workers = Workers(scene)
    yield workers
    workers.end()


def both_busy(scene: Scene) -> bool:
    """Wait until both workers are at a job; False where all was done before."""
    query = "SELECT count(DISTINCT worker_id), count(*) FROM cell.job WHERE event_id IS NULL"
    while True:
        [(workers, jobs_left)] = rows(scene.databases.settings, query)
        if workers == 2 or not jobs_left:
            return workers == 2
        time.sleep(0.01)


async def until_empty(scene: Scene) -> None:
    query = "SELECT (SELECT count(*) FROM cell.job) + (SELECT count(*) FROM cell.outbox)"
    await until(lambda: rows(scene.databases.settings, query) == [(0,)], timeout_s=240)


@pytest.mark.long
async def test_killed_workers_lose_nothing_and_double_nothing(
    scene: Scene, tenant: Tenant, other_tenant: Tenant, workers: Workers
) -> None:
    rng = random.Random(11)
    caught = 0
    expected: dict[str, set[tuple[str, str]]] = {tenant.schema: set(), other_tenant.schema: set()}
    alive = [await asyncio.to_thread(workers.start) for _ in range(2)]
    for _ in range(KILLS):
        for owner in (tenant, other_tenant):
            run_ids = await scene.enqueue(
                owner, *(job(params=Count(steps=15, pause_s=0.02), title="Long") for _ in range(3))
            )
            event_ids = await scene.emit(owner, *(NoteAdded(subject_id=uuid7(), text="n") for _ in range(10)))
            expected[owner.schema] |= {(str(run_id), str(step)) for run_id in run_ids for step in range(15)}
            expected[owner.schema] |= {(str(event_id), "n") for event_id in event_ids}
        caught += await asyncio.to_thread(both_busy, scene)
        await asyncio.sleep(rng.uniform(0, 0.2))
        victim = alive.pop(0)
        victim.kill()
        alive.append(await asyncio.to_thread(workers.start))
    assert caught >= KILLS // 2, "the killed workers had nothing to do"
    await until_empty(scene)
    for owner in (tenant, other_tenant):
        found = effects(scene.databases.settings, owner)
        assert len(found) == len(set(found)), "an effect was doubled"
        assert set(found) == expected[owner.schema]
        query = f'SELECT DISTINCT state, done FROM "{owner.schema}".job_run'
        assert rows(scene.databases.settings, query) == [("done", 15)]
        query = f'SELECT count(*), max(position) FROM "{owner.schema}".event_position'
        assert rows(scene.databases.settings, query) == [(KILLS * 10, KILLS * 10)]


async def test_the_jobs_of_a_killed_worker_go_on_within_five_seconds(
    scene: Scene, tenant: Tenant, workers: Workers
) -> None:
    first = await asyncio.to_thread(workers.start)
    await scene.enqueue(tenant, job(params=Count(steps=100, pause_s=0.02)))
    await until(lambda: effects(scene.databases.settings, tenant))
    await asyncio.to_thread(workers.start)
    first.kill()
    before = len(effects(scene.databases.settings, tenant))
    await until(lambda: len(effects(scene.databases.settings, tenant)) > before)
    assert SILENT_S + POLL_S < 3


async def test_a_worker_stops_at_once_and_gives_back_its_jobs(
    scene: Scene, tenant: Tenant, workers: Workers
) -> None:
    process = await asyncio.to_thread(workers.start)
    await scene.enqueue(tenant, job(params=Count(steps=1000, pause_s=0.02)))
    await until(lambda: effects(scene.databases.settings, tenant))
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 60) == 0
    assert len(effects(scene.databases.settings, tenant)) < 1000, "it did the work first"
    query = "SELECT state, crashes, worker_id FROM cell.job"
    assert rows(scene.databases.settings, query) == [("ready", 0, None)]
    assert rows(scene.databases.settings, "SELECT * FROM cell.worker") == []


async def test_a_database_that_drops_every_connection_costs_nothing(
    scene: Scene, tenant: Tenant, workers: Workers
) -> None:
    for _ in range(2):
        await asyncio.to_thread(workers.start)
    run_ids = await scene.enqueue(tenant, *(job(params=Count(steps=40, pause_s=0.02)) for _ in range(6)))
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for _ in range(6):
        await asyncio.sleep(0.3)
        await asyncio.to_thread(rows, scene.databases.settings, query)
    await until_empty(scene)
    found = effects(scene.databases.settings, tenant)
    assert len(found) == len(set(found)) == 6 * 40
    assert {source for source, _ in found} == {str(run_id) for run_id in run_ids}
    assert all(process.poll() is None for process in workers.processes)
