"""Keeps schemas ready for new workspaces: a few at a time, with a rest after each few while enough are left.

Owns its pace alone. Emits nothing. Never lets anybody wait: whoever finds the pool empty makes a schema himself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from core.tenancy.provisioning import TOGETHER, fill_pool, free_schemas
from core.tenancy.settings import DatabaseSettings

REST: Final = 5.0
"""So many times as long as a few of them took, nothing is made: a sixth of the time."""


@dataclass(slots=True, kw_only=True)
class WarmPool:
    """The schemas of one cell that no workspace has yet; ``size`` is how many there should be."""

    settings: DatabaseSettings
    cell: str
    size: int
    new_key: Callable[[], bytes]
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep

    async def refill(self) -> bool:
        """Make a few of those that are missing; says whether any were.

        Rests after them, so that whoever works in the cell hardly feels it, unless less than a quarter is left.
        """
        free = await asyncio.to_thread(free_schemas, self.settings, self.cell)
        if free >= self.size:
            return False
        began = self.now()
        wanted = min(self.size, free + TOGETHER)
        await asyncio.to_thread(fill_pool, self.settings, wanted, new_key=self.new_key, cell=self.cell)
        if free >= self.size / 4:
            await self.sleep((self.now() - began) * REST)
        return True
