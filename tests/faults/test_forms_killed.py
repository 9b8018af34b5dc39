"""The database is killed while visitors send a form: what was thanked for is there once, and becomes one lead."""

import asyncio
import os
import random
import secrets
import signal
import time

import psycopg
import pytest

from tests.faults.conftest import Say
from tests.load import web_forms
from tests.load.client import Client
from tests.load.product import Product, Workspace, descendants, product, query, until

IS_LONG = int(os.environ.get("GUANXI_FAULT_KILLS", "20")) >= 200
KILLS, SECONDS = (20, 120.0) if IS_LONG else (3, 15.0)
SEED = int(os.environ.get("GUANXI_FAULT_SEED", secrets.randbelow(10**6)))
VISITORS = 6

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def test_what_was_thanked_for_is_there_once(say: Say) -> None:
    with product() as running:
        (workspace,) = running.workspaces(1)
        web_forms.switch_on(running, workspace)
        asyncio.run(web_forms.publish(Client(running.port, workspace.key)))
        thanked, refused = asyncio.run(storm(running, workspace))
        until(running.is_serving, 30)
        wanted = (
            f"SELECT count(*) FROM \"{workspace.schema}\".marketing_forms_submission WHERE state = 'received'"
        )
        until(lambda: ask(running, wanted) == [(0,)], 120)
        say(
            f"forms: seed {SEED}, {KILLS} kills of the database, {len(thanked)} thanked for, {refused} tried again"
        )
        rows = query(
            running.dsn,
            f"SELECT email, count(*), count(DISTINCT lead_id), min(state) FROM"
            f' "{workspace.schema}".marketing_forms_submission GROUP BY email',
        )
        stored = {str(row[0]): row[1:] for row in rows}
        lost = [number for number in thanked if f"visitor{number}@example.com" not in stored]
        assert lost == [], "thanked for and not there"
        assert set(stored.values()) == {(1, 1, "accepted")}
        (leads,) = query(
            running.dsn, f'SELECT count(*), count(DISTINCT email) FROM "{workspace.schema}".lead'
        )
        assert leads == (len(stored), len(stored))


async def storm(running: Product, workspace: Workspace) -> tuple[list[int], int]:
    """Send while the database is killed; a visitor whose sending was not answered sends the same page again."""
    began, path, numbers = time.monotonic(), web_forms.place(workspace), iter(range(10**9))
    thanked: list[int] = []
    refused = 0

    async def visitor() -> None:
        nonlocal refused
        client, number, sealed = Client(running.port, timeout_s=10), -1, ""
        while time.monotonic() - began < SECONDS:
            try:
                if not sealed:
                    sealed, number = await web_forms.ticket(client, path), next(numbers)
                answer = await web_forms.send(client, path, sealed, number)
            except (OSError, TimeoutError, AssertionError):
                refused += 1
                await asyncio.sleep(0.05)
                continue
            if answer.status == 200:
                thanked.append(number)
                sealed = ""
            else:
                assert answer.status == 503, answer
                refused += 1
                await asyncio.sleep(0.05)

    async def killer() -> None:
        rng = random.Random(SEED)
        for kill in range(KILLS):
            await asyncio.sleep(
                max(0.0, began + (kill + rng.uniform(0.2, 0.7)) * SECONDS / KILLS - time.monotonic())
            )
            server = running.server("postgres")
            for pid in filter(None, [server, *descendants(server)]):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    await asyncio.gather(killer(), *(visitor() for _ in range(VISITORS)))
    return thanked, refused


def ask(running: Product, statement: str) -> list[tuple[object, ...]]:
    try:
        return query(running.dsn, statement)
    except psycopg.Error:
        return []
