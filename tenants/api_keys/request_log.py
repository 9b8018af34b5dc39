"""What keys are used for: noted in memory once an answer is sent, written in batches, kept for 30 days.

No request waits for it. Where more comes than can be written, the surplus is dropped and counted.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import delete, insert, select

from core.kernel.ids import uuid7
from core.kernel.later import Later
from core.runtime import Runtime
from tenants.api_keys.models import ApiKey, KeyRequest

PAUSE_S: Final = 2.0
WAITING: Final = 20_000
BATCH: Final = 2_000
KEPT: Final = timedelta(days=30)
PER_KEY: Final = 10_000
"""How many requests of one key are kept at most."""
AT_ONCE: Final = 5_000

log = structlog.get_logger(__name__)


class RequestLog(Later):
    """The requests of this process that are not written yet."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime
        self._waiting: deque[dict[str, Any]] = deque()
        self.dropped = 0

    def note(self, row: dict[str, Any]) -> None:
        """Remember a request; it is written a little later."""
        if len(self._waiting) >= WAITING:
            self.dropped += 1
            return
        self._waiting.append({"id": uuid7(), **row})
        self.begin()

    @property
    def pause_s(self) -> float:
        return PAUSE_S

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def flush(self) -> None:
        while self._waiting:
            batch = [self._waiting[place] for place in range(min(BATCH, len(self._waiting)))]
            async with self._runtime.control() as control:
                await control.session.execute(insert(KeyRequest), batch)
            for _ in batch:
                self._waiting.popleft()
        if self.dropped:
            log.warning("requests of keys were not kept", count=self.dropped)
            self.dropped = 0


def request_log(runtime: Runtime) -> RequestLog:
    """The log of this process."""
    return runtime.part(RequestLog, lambda: RequestLog(runtime))


async def trim(runtime: Runtime, now: datetime) -> None:
    """Remove what is older than 30 days, and of each key what is more than the newest ten thousand."""
    async with runtime.control() as control:
        await control.session.execute(delete(KeyRequest).where(KeyRequest.at < now - KEPT))
        keys = (await control.session.scalars(select(ApiKey.id))).all()
    for key_id in keys:
        await _trim_one(runtime, key_id)


async def _trim_one(runtime: Runtime, key_id: UUID) -> None:
    newest = select(KeyRequest.id).where(KeyRequest.key_id == key_id).order_by(KeyRequest.id.desc())
    async with runtime.control() as control:
        last = await control.session.scalar(newest.offset(PER_KEY).limit(1))
        if last is not None:
            surplus = delete(KeyRequest).where(KeyRequest.key_id == key_id, KeyRequest.id <= last)
            await control.session.execute(surplus)
