"""One tenant's mountain of work beside the small work of others."""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql

from core.kernel.jobs import JobRun, Runner
from core.tenancy.directory import Tenant
from core.tenancy.provisioning import claim, drop, fill_pool
from core.worker import CellWork, Worker
from tests.core.kernel.scene import COUNT, Count, Scene, job
from tests.faults.conftest import Say
from tests.fixtures.restore import Restore
from tests.fixtures.server import KEYRING
from tests.load.client import Client
from tests.load.product import Product, Workspace, product

pytestmark = [pytest.mark.faults]

IS_LONG = int(os.environ.get("GUANXI_FAULT_KILLS", "20")) >= 200
HEAVY_JOBS = 3_000
LIGHT_JOBS = 100
LIGHT_TENANTS = 10
JOB_WAIT_S = 1.0
AHEAD = HEAVY_JOBS // 30
FLOOD_CLIENTS = 100
QUIET_TENANTS = 20
QUIET_S = 0.25
FLOOD_ROWS = 60_000
SECONDS = 12.0
WARM_UP = 3


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def test_a_mountain_of_jobs_does_not_keep_others_waiting(
    runtime: Any, tenant: Tenant, committing: Restore, say: Say
) -> None:
    databases, settings = runtime.databases, runtime.databases.settings
    await asyncio.to_thread(fill_pool, settings, LIGHT_TENANTS, new_key=KEYRING.new_tenant_key)
    others = [
        await claim(databases, f"light-{number}", "Light", new_key=KEYRING.new_tenant_key)
        for number in range(LIGHT_TENANTS)
    ]
    began: dict[str, tuple[float, int]] = {}

    async def work(run: JobRun) -> None:
        began[str(run.id)] = (time.monotonic(), len(began))
        await asyncio.sleep(0.01)

    scene = Scene(databases, [tenant, *others])
    scene.specs["count"] = msgspec.structs.replace(COUNT, handler=work)
    scene.runner = Runner(scene.queue, scene.machinery(), slots=scene.slots)
    cell = CellWork("main", scene.runner, scene.relay, scene.schedules)
    scene.runner._wake = cell.claim_bell.set
    worker = Worker([cell])
    for _ in range(HEAVY_JOBS // 500):
        await scene.enqueue(tenant, *(job(params=Count()) for _ in range(500)))
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(1)
    rng, asked = random.Random(5), {}
    for number in range(LIGHT_JOBS):
        (run_id,) = await scene.enqueue(others[number % LIGHT_TENANTS], job(params=Count()))
        asked[str(run_id)] = (time.monotonic(), len(began))
        cell.ring()
        await asyncio.sleep(rng.uniform(0, 0.04))
    async with asyncio.timeout(200):
        while not asked.keys() <= began.keys():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    heavy_left = HEAVY_JOBS - (len(began) - LIGHT_JOBS)
    worker.stop()
    await running
    for other in others:
        await asyncio.to_thread(drop, settings, other)
    waits = [began[run_id][0] - moment for run_id, (moment, _) in asked.items()]
    ahead = [began[run_id][1] - number for run_id, (_, number) in asked.items()]
    say(
        f"jobs: {LIGHT_JOBS} jobs of {LIGHT_TENANTS} tenants behind {HEAVY_JOBS} of one waited"
        f" {statistics.median(waits):.3f} s (median), {quantile(waits, 0.99):.3f} s (p99);"
        f" for {quantile(ahead, 0.99)} others at most; {heavy_left} of the {HEAVY_JOBS} were still waiting then"
    )
    assert heavy_left > 0, "the mountain was gone before the others came"
    # As below: seconds are for quiet machines. On any machine hardly anything of the mountain goes before a job.
    assert quantile(ahead, 0.99) <= AHEAD
    assert not IS_LONG or quantile(waits, 0.99) <= JOB_WAIT_S


def test_a_flooding_tenant_leaves_the_others_alone(say: Say) -> None:
    with product(second_worker=False) as running:
        flooding, *quiet = running.workspaces(1 + QUIET_TENANTS)
        fill(running, flooding, FLOOD_ROWS)
        for workspace in quiet:
            fill(running, workspace, 200)
        alone, _ = asyncio.run(together(running, quiet, None))
        beside, flooded = asyncio.run(together(running, quiet, flooding))
    p99 = quantile(beside, 0.99)
    say(
        f"flood: {FLOOD_CLIENTS} clients of one tenant with slow queries ({flooded} answered);"
        f" {len(beside)} requests of {QUIET_TENANTS} quiet tenants: {statistics.median(beside) * 1000:.0f} ms"
        f" (median), {p99 * 1000:.0f} ms (p99), 0 errors;"
        f" without the flood {statistics.median(alone) * 1000:.0f} and {quantile(alone, 0.99) * 1000:.0f} ms"
    )
    # On a machine that is busy with other things the quiet tenants wait without any flood: the long form is for
    # quiet machines, and strict.
    assert p99 <= (QUIET_S if IS_LONG else max(QUIET_S, 3 * quantile(alone, 0.99)))


async def together(
    running: Product, quiet: Sequence[Workspace], flooding: Workspace | None
) -> tuple[list[float], int]:
    """Have quiet tenants ask now and then, beside a flood where there is one; gives times and flood answers."""
    done = asyncio.Event()
    clients = FLOOD_CLIENTS if flooding else 0
    flood = [asyncio.create_task(pour(Client(running.port, flooding.key), done)) for _ in range(clients)]  # type: ignore[union-attr]
    await asyncio.sleep(1.5 if flooding else 0.2)
    calls = [ask(Client(running.port, workspace.key), number) for number, workspace in enumerate(quiet)]
    taken = [seconds for each in await asyncio.gather(*calls) for seconds in each]
    done.set()
    return taken, sum(await asyncio.gather(*flood))


async def pour(client: Client, done: asyncio.Event) -> int:
    """Ask slow questions without a pause, until done."""
    answered = 0
    while not done.is_set():
        answer = await client.get("/api/v1/customers?f=notes:contains:nowhere&sort=-city")
        answered += answer.status == 200
    client.close()
    return answered


async def ask(client: Client, number: int) -> list[float]:
    """Ask about twice a second; every answer must be a good one."""
    rng, taken = random.Random(number), []
    for _ in range(WARM_UP):
        assert (await client.get("/api/v1/customers?limit=20")).status == 200
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        await asyncio.sleep(rng.uniform(0.2, 0.8))
        began = time.monotonic()
        answer = await client.get("/api/v1/customers?limit=20")
        taken.append(time.monotonic() - began)
        assert answer.status == 200, answer
    client.close()
    return taken


def fill(running: Product, workspace: Workspace, rows: int) -> None:
    """Give a workspace customers, past the product."""
    statement = sql.SQL(
        "INSERT INTO {}.customer (id, created_at, updated_at, version, number, kind, name, name_key, stage, tags,"
        " notes, city) SELECT gen_random_uuid(), now() - n * interval '1 s', now(), 1, 'X' || n, 'company',"
        " 'Customer ' || n, 'customer' || n, 'potential', '[]', repeat('long text ', 20) || n, 'c' || n % 97"
        " FROM generate_series(1, {}) n"
    ).format(sql.Identifier(workspace.schema), sql.Literal(rows))
    with psycopg.connect(running.dsn) as admin:
        admin.execute(statement)
