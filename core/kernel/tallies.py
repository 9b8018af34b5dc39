"""Counts what happens often, by key.

Owns what was counted and is not written yet.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from core.kernel.later import Later

K = TypeVar("K")
V = TypeVar("V")

PAUSE_S: Final = 20.0


class Tally(Later, Generic[K, V]):
    """What was noted in this process, by key; a kind of tally says how two are added, and how they are written."""

    def __init__(self) -> None:
        super().__init__()
        self._noted: dict[K, V] = {}

    @abstractmethod
    def added(self, one: V, other: V) -> V:
        """Two values of one key, the later second, as one."""

    @abstractmethod
    async def write(self, noted: Mapping[K, V]) -> None:
        """Add what was noted to what stands there."""

    @property
    def pause_s(self) -> float:
        return PAUSE_S

    @property
    def waiting(self) -> int:
        return len(self._noted)

    def add(self, key: K, value: V) -> None:
        """Add to what is noted; it is written soon."""
        self._noted[key] = self.added(self._noted[key], value) if key in self._noted else value
        self.begin()

    async def flush(self) -> None:
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
