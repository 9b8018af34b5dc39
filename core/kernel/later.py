"""Writes every so often what gathers in memory: nobody waits for it.

Owns when it is written, and that the rest is written before the process ends. Never how.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

import structlog

log = structlog.get_logger(__name__)


class Later(ABC):
    """What this process has not written yet; a kind of it says what that is, and how it is written.

    What a process that is killed had not written is lost, ``pause_s`` seconds of it at most.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def pause_s(self) -> float:
        """How long it gathers before it is written."""

    @property
    @abstractmethod
    def waiting(self) -> int:
        """How much is not written yet."""

    @abstractmethod
    async def flush(self) -> None:
        """Write what waits; what cannot be written stays for the next time."""

    def begin(self) -> None:
        """Have what waits written soon."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._soon())

    async def close(self) -> None:
        """Write the rest before the process ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    async def _soon(self) -> None:
        while self.waiting:
            await asyncio.sleep(self.pause_s)
            try:
                await self.flush()
            except Exception as error:
                log.warning(
                    "not written yet", what=type(self).__name__, count=self.waiting, error=repr(error)
                )
