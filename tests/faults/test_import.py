"""An import that is killed again and again: every row once, and it goes on by itself."""

import asyncio
import os
import random
import secrets
import signal
import statistics
import time

import psycopg
import pytest

from tests.faults.conftest import Say
from tests.load.client import Client
from tests.load.imports import made, state, upload
from tests.load.product import Product, Workspace, descendants, product, until

IS_LONG = int(os.environ.get("GUANXI_FAULT_KILLS", "20")) >= 200
ROWS, KILLS = (100_000, 20) if IS_LONG else (6_000, 4)
SEED = int(os.environ.get("GUANXI_FAULT_SEED", secrets.randbelow(10**6)))
RESUMED_S = 5.0

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]


def test_an_import_killed_again_and_again_is_exact(say: Say) -> None:
    with product() as running:
        (workspace,) = running.workspaces(1)
        began = time.monotonic()
        killed, pauses, run = asyncio.run(import_and_kill(running, workspace))
        seconds = time.monotonic() - began
        say(
            f"import: seed {SEED}, {ROWS} rows, {killed} kills of worker and database, {seconds:.0f} s; it went on"
            f" after {statistics.median(pauses):.1f} s (median), {max(pauses):.1f} s (longest)"
        )
        assert (run["created"], run["failed"], run["skipped"]) == (ROWS, 0, 0), run
        assert killed == KILLS
        assert_exact(running, workspace)
        assert not IS_LONG or statistics.median(pauses) <= RESUMED_S


async def import_and_kill(
    running: Product, workspace: Workspace
) -> tuple[int, list[float], dict[str, object]]:
    """Kill the workers and the database at random moments spread over the rows."""
    rng, client = random.Random(SEED), Client(running.port, workspace.key)
    started = await upload(client, made(ROWS))
    import_id, deadline = started["id"], time.monotonic() + 1500
    moments = [int((number + rng.uniform(0.1, 0.6)) * ROWS * 0.85 / KILLS) for number in range(KILLS)]
    killed, pauses = 0, []
    while True:
        now = await state(client, import_id)
        if now and now["state"] in {"done", "failed"}:
            return killed, pauses, now
        assert time.monotonic() < deadline, now
        done = rows_of(running, workspace)
        if killed < KILLS and done >= moments[killed]:
            kill(running, rng)
            killed += 1
            pauses.append(await asyncio.to_thread(goes_on, running, workspace, done))
        await asyncio.sleep(0.02)


def kill(running: Product, rng: random.Random) -> None:
    if rng.random() < 0.4:
        server = running.server("postgres")
        victims = [server, *descendants(server)]
    else:
        victims = [running.child("worker"), running.second.pid if running.second else 0]
    for pid in filter(None, victims):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def goes_on(running: Product, workspace: Workspace, done: int) -> float:
    began = time.monotonic()
    running.start_second_worker()
    until(lambda: rows_of(running, workspace) > done or rows_of(running, workspace) >= ROWS, 60)
    return time.monotonic() - began


def rows_of(running: Product, workspace: Workspace) -> int:
    try:
        with psycopg.connect(running.dsn, connect_timeout=5) as admin:
            row = admin.execute(f'SELECT count(*) FROM "{workspace.schema}".customer'.encode()).fetchone()
    except psycopg.Error:
        return 0
    return int(row[0]) if row else 0


def assert_exact(running: Product, workspace: Workspace) -> None:
    """Each row is one customer with its content, one event, one search document."""
    schema = f'"{workspace.schema}"'
    questions = {
        f"SELECT count(*), count(DISTINCT external_id), count(DISTINCT number) FROM {schema}.customer": (
            ROWS,
        )
        * 3,
        f"SELECT count(*) FROM {schema}.customer WHERE external_id <> 'row-' || substr(name, 9)": (0,),
        f"SELECT count(*), count(DISTINCT record_id) FROM {schema}.event WHERE name = 'customer.created'": (
            ROWS,
        )
        * 2,
        f"SELECT count(*) FROM {schema}.search_document WHERE record_type = 'customer'": (ROWS,),
    }
    with psycopg.connect(running.dsn) as admin:
        for question, expected in questions.items():
            assert admin.execute(question.encode()).fetchone() == expected, question
