"""Tells other processes after a commit that there is something to see, so that they need not wait.

Owns the channels ``wake:<cell>`` (workers; the message says what was written) and ``live`` (open pages; the message
is the tenant's id). Emits nothing. Never carries more than that: a lost message costs the time until the next look.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

LEAST_PAUSE_S = 0.05
LIVE = "live"
EVENTS, JOBS, CONTROL = "events", "jobs", "control"
"""What a transaction left for the workers: events to relay, jobs that are due, jobs of the control plane."""


class Publisher(Protocol):
    """What is needed of the cache."""

    def publish(self, channel: str, data: bytes | str) -> Awaitable[object]: ...


def channel(cell: str) -> str:
    """The channel on which the workers of a cell listen."""
    return f"wake:{cell}"


def news(cell: str, what: str) -> str:
    """The subject under which a cell's workers are told of one kind of work."""
    return f"{cell} {what}"


def wake(subject: str) -> tuple[str, bytes]:
    """What wakes the workers of a cell."""
    cell, _, what = subject.rpartition(" ")
    return channel(cell), what.encode()


def live(tenant_id: str) -> tuple[str, bytes]:
    """What tells the open pages of a tenant to look again."""
    return LIVE, tenant_id.encode()


class Joined:
    """Calls ``work`` at most once per pause: at once after a quiet time, else once for all calls in between."""

    def __init__(self, work: Callable[[], None], pause_s: float) -> None:
        self._work = work
        self._pause_s = pause_s
        self._last = -pause_s
        self._due: asyncio.TimerHandle | None = None

    def __call__(self) -> None:
        """Have the work done soon."""
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(self._last + self._pause_s, self._call)

    def _call(self) -> None:
        self._due, self._last = None, asyncio.get_running_loop().time()
        self._work()


class Waker:
    """Publishes at most once per pause and subject; calls in between are joined into one."""

    def __init__(
        self,
        cache: Publisher,
        *,
        message: Callable[[str], tuple[str, bytes]] = wake,
        pause_s: float = LEAST_PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._message = message
        self._pause_s = pause_s
        self._clock = clock
        self._last: dict[str, float] = {}
        self._pending: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def notify(self, subject: str) -> None:
        """Publish soon; call it after the commit. Does not wait and does not fail."""
        if subject not in self._pending:
            task = asyncio.create_task(self._publish(subject))
            self._pending.add(subject)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _publish(self, subject: str) -> None:
        pause_s = self._last.get(subject, -self._pause_s) + self._pause_s - self._clock()
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        self._last[subject] = self._clock()
        self._pending.discard(subject)
        await self._cache.publish(*self._message(subject))

    async def close(self) -> None:
        """Let the last message go out."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=1.0)
