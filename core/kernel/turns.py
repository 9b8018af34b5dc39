"""Work that can wait gives way to people who are at work. Knows nothing of what the work is, nor of other processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final

REST: Final = 2.0
"""So many times as long as a piece of work took, the next one waits: but for a crowd, a third of the time."""
BREATH_S: Final = 0.01
"""Before each step of the work: whoever is served meanwhile waits for one step, and not for several in a row."""
AT_WORK_S: Final = 1.0
PATIENCE_S: Final = 3.0


class Turns:
    """One piece of work at a time in this process, with breaths in it and a rest after it while others are served.

    Nobody rests who has waited for ``PATIENCE_S`` already, so that a crowd gets through.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._now, self._sleep = now, sleep
        self._lock = asyncio.Lock()
        self._rest_until = self._served_at = float("-inf")

    def served(self) -> None:
        """Note that somebody at work was answered."""
        self._served_at = self._now()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, and have it for the block; whoever came first has it first."""
        came = self._now()
        async with self._lock:
            began = self._now()
            rest = min(self._rest_until, came + PATIENCE_S) - began
            if rest > 0 and self._is_anybody_served():
                await self._sleep(rest)
                began = self._now()
            token = _AT_WORK.set(self)
            try:
                yield
            finally:
                _AT_WORK.reset(token)
                over = self._now()
                self._rest_until = over + (over - began) * REST

    async def breathe(self) -> None:
        """Let others go first for a moment."""
        if self._is_anybody_served():
            await self._sleep(BREATH_S)

    def _is_anybody_served(self) -> bool:
        return self._now() - self._served_at < AT_WORK_S


def turn_held() -> Turns | None:
    """The turns that what runs here has its turn of; None for all other work."""
    return _AT_WORK.get()


_AT_WORK: ContextVar[Turns | None] = ContextVar("at_work", default=None)
