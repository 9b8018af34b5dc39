"""Collects what happens often in memory, and writes it in batches: nobody waits for it.

Owns what is not written yet; that of a process that is killed is lost, ``PAUSE_S`` seconds at most.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

import structlog

K = TypeVar("K")
V = TypeVar("V")

PAUSE_S: Final = 20.0
log = structlog.get_logger(__name__)


class Tally(ABC, Generic[K, V]):
    """What was noted in this process, by key; a kind of tally says how two are added, and how they are written."""

    def __init__(self) -> None:
        self._noted: dict[K, V] = {}
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    def added(self, one: V, other: V) -> V:
        """Two values of one key, the later second, as one."""

    @abstractmethod
    async def write(self, noted: Mapping[K, V]) -> None:
        """Add what was noted to what stands there."""

    def add(self, key: K, value: V) -> None:
        """Add to what is noted; it is written soon."""
        self._noted[key] = self.added(self._noted[key], value) if key in self._noted else value
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._soon())

    async def flush(self) -> None:
        """Write what was noted; what cannot be written stays for the next time."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            await self.write(noted)
        except BaseException:
            later, self._noted = self._noted, noted
            for key, value in later.items():
                self._noted[key] = self.added(noted[key], value) if key in noted else value
            raise

    async def close(self) -> None:
        """Write the rest before the process ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    async def _soon(self) -> None:
        while self._noted:
            await asyncio.sleep(PAUSE_S)
            try:
                await self.flush()
            except Exception as error:
                log.warning(
                    "tally waits", tally=type(self).__name__, count=len(self._noted), error=repr(error)
                )
