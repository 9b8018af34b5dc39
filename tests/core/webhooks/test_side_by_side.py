"""Webhooks beside each other: slow ones keep nobody waiting, and killed workers lose nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.runtime import Runtime
from core.webhooks import service_sending
from core.worker import Worker, worker
from tests.core.kernel.jobs.child import encode
from tests.core.webhooks.acting import log, seen
from tests.core.webhooks.conftest import Make
from tests.core.webhooks.receiver import Receiver
from tests.fixtures.people import Person


@asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[None]:
    """A worker's loops in this process."""
    made = Worker(worker(runtime).cells, listen=runtime.cache.subscribe)
    task = asyncio.create_task(made.run())
    yield
    made.stop()
    await task


async def until(is_so: Callable[[], object]) -> None:
    """Look until something is so."""
    async with asyncio.timeout(200):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_delivered(*made: tuple[Person, dict[str, Any]]) -> None:
    """Look until the log says of every message that it was delivered."""
    async with asyncio.timeout(200):
        states: set[str] = set()
        while states != {"delivered"}:
            await asyncio.sleep(0.05)
            states = {one["state"] for each in made for one in await log(*each, limit=200)}


async def customers(person: Person, count: int) -> None:
    rows = "\n".join('{"name": "Customer %d of %s"}' % (n, person.name) for n in range(count))  # noqa: UP031
    answer = await person.api.post("/customers/bulk", content=rows)
    assert answer.status_code == 200, answer.text


async def test_slow_receivers_keep_nobody_else_waiting(
    ann: Person,
    zed: Person,
    receiver: Receiver,
    hook: Make,
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whoever waits for them waits until the test has failed.
    monkeypatch.setattr("core.webhooks.sending.TIMEOUT_S", 3_600.0)
    for number in range(8):
        await hook(ann, f"hang-{number}", events=["customer.created"])
        receiver.turns[f"hang-{number}"] = ["hang"] * 100
    quick, other = await hook(ann, "quick"), await hook(zed, "other")
    async with working(runtime):
        await customers(ann, 40)
        await until(lambda: receiver.now["hang-7"] == service_sending.WIDTH)
        await customers(zed, 40)
        await customers(ann, 40)
        await until(lambda: len(set(receiver.ids("quick"))) == 80 and len(set(receiver.ids("other"))) == 40)
        for number in range(8):
            assert receiver.most[f"hang-{number}"] == service_sending.WIDTH
            assert len(receiver.ids(f"hang-{number}")) == service_sending.WIDTH
        await until_delivered((ann, quick), (zed, other))


async def test_a_receiver_that_fails_is_asked_ever_less_often_and_gets_everything_in_the_end(
    ann: Person, receiver: Receiver, hook: Make, days: Any
) -> None:
    made = await hook(ann, "broken", events=["customer.created"])
    await customers(ann, 60)
    await days.wait()
    calls = len(receiver.got)
    assert calls < 40, "it was asked about each of many"
    for _ in range(10):
        await days.wait(60)
    assert len(receiver.got) - calls < 30
    receiver.turns["broken"] = ["ok"] * 1000
    for _ in range(60):
        await days.wait(1000)
        if len({one["state"] for one in await log(ann, made, limit=200)}) == 1:
            break
    assert {one["state"] for one in await log(ann, made, limit=200)} == {"delivered"}
    assert (await seen(ann, made))["failing_since"] is None
    assert len(set(receiver.ids("broken"))) == 60


@pytest.mark.long
async def test_killed_workers_lose_nothing(
    ann: Person, receiver: Receiver, hook: Make, runtime: Runtime, tmp_path: Path
) -> None:
    made = await hook(ann, events=["customer.created"])
    receiver.pause_s = 0.02
    settings = encode(runtime.databases.settings)
    command = [sys.executable, "-m", "tests.core.webhooks.child", settings, str(receiver.port), str(tmp_path)]
    count, process = 0, None
    try:
        for _ in range(5):
            process = await asyncio.to_thread(_start, command)
            await customers(ann, 60)
            count += 60
            told = len(receiver.got)
            await until(lambda told=told: len(receiver.got) > told + 15)  # type: ignore[misc]
            process.kill()
            await asyncio.to_thread(process.wait)
        process = await asyncio.to_thread(_start, command)
        await until(lambda: len(set(receiver.ids())) == count)
        await until_delivered((ann, made))
    finally:
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.wait)
    ids = receiver.ids()
    assert len(set(ids)) == count
    twice = len(ids) - count
    assert twice <= 6 * service_sending.BATCH, f"{twice} of {count} came twice"
    for one in receiver.got:
        one.verified(made["secret"])


def _start(command: list[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line == "READY\n":
            return process
    raise AssertionError("the worker did not start")
