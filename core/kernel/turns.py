"""Work that can wait gives way to people who are at work. Knows nothing of what the work is, nor of other processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

REST: Final = 5.0
"""So many times as long as a piece of work took, the next one waits: but for a crowd, a sixth of the time."""
AT_WORK_S: Final = 1.0
PATIENCE_S: Final = 3.0


class Turns:
    """One piece of work at a time in this process, with a rest after each while anybody else is served.

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
            if rest > 0 and began - self._served_at < AT_WORK_S:
                await self._sleep(rest)
                began = self._now()
            try:
                yield
            finally:
                over = self._now()
                self._rest_until = over + (over - began) * REST
