"""Connections of one process: a budget over all pools, fair between tenants.

Owns who may hold a connection and which idle one is closed to make room. Emits nothing.
Never lets one tenant hold more than its share, nor the last free connection on top of its first.
"""

import asyncio
import random
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from typing import Any

from sqlalchemy.pool import ConnectionPoolEntry, Pool, PoolProxiedConnection

from core.kernel.errors import Unavailable


class Budget:
    """Admission to connections: a limit for all, a cap for each tenant, waiting tenants served in turn."""

    def __init__(self, limit: int, *, share: float = 1.0, wait_s: float = 10) -> None:
        self.limit = limit
        self.cap = max(1, int(limit * share))
        self.wait_s = wait_s
        self.in_use = 0
        self.pools: list[SharedPool] = []
        self._held: Counter[Hashable] = Counter()
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[bool]]] = OrderedDict()

    def held(self, who: Hashable) -> int:
        """Count the connections that one tenant holds."""
        return self._held[who]

    async def acquire(self, who: Hashable) -> None:
        """Wait for the right to one connection; raises :class:`Unavailable` after ``wait_s`` at the latest.

        Who came together does not give up together: a hundred refusals at one moment would hold up others.
        """
        if who not in self._waiting and self._admissible(who):
            self._take(who)
            return
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(future)
        try:
            async with asyncio.timeout(self.wait_s * random.uniform(0.5, 1)):  # noqa: S311 - spreads load
                await future
        except BaseException as error:
            self._forget(who, future)
            if future.done() and not future.cancelled():
                self.release(who)
            if isinstance(error, TimeoutError):
                raise Unavailable(retry_after_s=1) from None
            raise

    def release(self, who: Hashable) -> None:
        """Give the right back and pass it to the tenant that has waited longest and may have it."""
        self.in_use -= 1
        self._held[who] -= 1
        if not self._held[who]:
            del self._held[who]
        self._admit()

    def make_room(self) -> None:
        """Close the least recently used idle connections until the open ones fit the budget."""
        while self.in_use + sum(len(pool.idle) for pool in self.pools) > self.limit:
            candidates = [pool for pool in self.pools if pool.idle]
            if not candidates:
                return
            oldest = min(candidates, key=lambda pool: pool.idle[0][0])
            oldest.idle.popleft()[1].close()

    def _admissible(self, who: Hashable) -> bool:
        held = self._held.get(who, 0)
        free = self.limit - self.in_use
        return held < self.cap and free > (1 if held else 0)

    def _take(self, who: Hashable) -> None:
        self.in_use += 1
        self._held[who] += 1

    def _admit(self) -> None:
        for who in list(self._waiting):
            queue = self._waiting[who]
            while queue and queue[0].done():
                del queue[0]
            if not queue:
                del self._waiting[who]
            elif self._admissible(who):
                self._take(who)
                queue.popleft().set_result(True)
                self._waiting.move_to_end(who)
                if not queue:
                    del self._waiting[who]

    def _forget(self, who: Hashable, future: asyncio.Future[bool]) -> None:
        queue = self._waiting.get(who)
        if queue is not None and future in queue:
            queue.remove(future)
            if not queue:
                del self._waiting[who]


class SharedPool(Pool):
    """Idle connections of one login role, most recently used first, under a shared :class:`Budget`.

    Waiting happens in the budget before a checkout, never here.
    """

    def __init__(
        self,
        creator: Any,
        budget: Budget | None = None,
        max_age_s: float = 600,
        max_tenants: int = 300,
        **options: Any,
    ) -> None:
        super().__init__(creator, **options)
        self.budget = budget or Budget(1)
        self.max_age_s = max_age_s
        self.max_tenants = max_tenants
        self.idle: deque[tuple[float, ConnectionPoolEntry]] = deque()
        self._handed: ConnectionPoolEntry | None = None
        self.budget.pools.append(self)

    def take(self) -> ConnectionPoolEntry | None:
        """Give an idle connection out without waiting for anything; None where there is none at once."""
        if self.idle and self._is_fit(self.idle[-1][1]):
            return self.idle.pop()[1]
        return None

    def give(self, record: ConnectionPoolEntry) -> None:
        """Take a connection back that :meth:`take` gave out and that can be kept."""
        record.driver_connection.disarm()  # type: ignore[union-attr]
        self.idle.append((time.monotonic(), record))

    def handed(self, record: ConnectionPoolEntry) -> PoolProxiedConnection:
        """Make a connection that :meth:`take` gave out the mapper's, as if it had checked it out now."""
        self._handed = record
        return self.connect()

    def _do_get(self) -> ConnectionPoolEntry:
        handed, self._handed = self._handed, None
        if handed is not None:
            return handed
        while self.idle:
            record = self.idle.pop()[1]
            if self._is_fit(record):
                return record
            record.close()
        self.budget.make_room()
        record = self._create_connection()
        if record.driver_connection is not None:
            record.driver_connection.disarm()
        return record

    def take_back(self, record: ConnectionPoolEntry) -> None:
        """Take a connection back that :meth:`take` gave out, and close it where it cannot be kept."""
        self._do_return_conn(record)

    def trusts(self, record: ConnectionPoolEntry) -> bool:
        """Whether no connection was lost since this one was made."""
        made_at: float = record.last_connect_time  # type: ignore[attr-defined]
        return made_at > self._invalidate_time

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        connection = record.driver_connection
        if connection is None:
            return
        connection.disarm()
        # A connection that was given up no longer knows of transactions, so this is asked last.
        if not self._is_fit(record) or connection.is_in_transaction():
            record.close()
            return
        self.idle.append((time.monotonic(), record))

    def can_keep(self, record: ConnectionPoolEntry) -> bool:
        """Whether a connection that is given back now stays open, so that nothing has to be waited for."""
        return self._is_fit(record) and not record.driver_connection.is_in_transaction()  # type: ignore[union-attr]

    def _is_fit(self, record: ConnectionPoolEntry) -> bool:
        connection = record.driver_connection
        if connection is None or connection.is_closed():
            return False
        age_s = time.time() - record.last_connect_time  # type: ignore[attr-defined]
        return bool(
            self.trusts(record) and age_s < self.max_age_s and len(connection.tenants) < self.max_tenants
        )

    def dispose(self) -> None:
        """Close the idle connections."""
        while self.idle:
            self.idle.popleft()[1].close()

    def recreate(self) -> "SharedPool":
        """Keep the pool: the budget knows it by identity."""
        return self

    def status(self) -> str:
        """Describe the pool for logs."""
        return f"SharedPool idle={len(self.idle)} in_use={self.budget.in_use}/{self.budget.limit}"
