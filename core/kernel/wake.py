"""Wakes the workers of a cell after a commit, so that they need not wait for their next look.

Owns the channel ``wake:<cell>``. Emits nothing. Never carries data: a lost message costs a second, no more.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

LEAST_PAUSE_S = 0.05


class Publisher(Protocol):
    """What is needed of the cache."""

    def publish(self, channel: str, data: bytes | str) -> Awaitable[object]: ...


def channel(cell: str) -> str:
    """The channel on which the workers of a cell listen."""
    return f"wake:{cell}"


class Waker:
    """Publishes at most once per 50 ms and cell; calls in between are joined into one."""

    def __init__(self, cache: Publisher, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._cache = cache
        self._clock = clock
        self._last: dict[str, float] = {}
        self._pending: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def notify(self, cell: str) -> None:
        """Wake the workers of a cell soon; call it after the commit. Does not wait and does not fail."""
        if cell not in self._pending:
            task = asyncio.create_task(self._publish(cell))
            self._pending.add(cell)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _publish(self, cell: str) -> None:
        pause_s = self._last.get(cell, -LEAST_PAUSE_S) + LEAST_PAUSE_S - self._clock()
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        self._last[cell] = self._clock()
        self._pending.discard(cell)
        await self._cache.publish(channel(cell), b"1")

    async def close(self) -> None:
        """Let the last message go out."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=1.0)
