import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from core.kernel.addresses import networks
from core.kernel.clock import FrozenClock
from core.kernel.http import Outbound, Policy
from core.runtime import Runtime
from tests.core.webhooks.receiver import Receiver

Drain = Callable[[], Awaitable[None]]
Make = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def receiver(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    """A receiver that this process may call."""
    made = Receiver()
    await made.start()
    http = Outbound(
        Policy(
            schemes=frozenset({"http"}),
            ports=frozenset({made.port}),
            allowed_networks=networks(["127.0.0.0/8"]),
        )
    )
    monkeypatch.setattr(runtime, "http", http)
    yield made
    await http.close()
    made.stop()


@pytest.fixture
def hook(receiver: Receiver) -> Make:
    """Make a webhook through the API."""

    async def make(person: Any, path: str = "ok", **values: Any) -> dict[str, Any]:
        answer = await person.api.post("/webhooks", json={"url": receiver.url(path), **values})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make


@dataclass
class Days:
    """Time that passes when a test says so."""

    clock: FrozenClock
    dsn: str
    drain: Drain

    def now(self) -> datetime:
        return self.clock.now()

    async def wait(self, seconds: float = 0) -> None:
        """Let time pass and do whatever has become due by then."""
        self.clock.advance(seconds)
        for _ in range(2):
            await asyncio.to_thread(self._wake)
            await self.drain()

    def _wake(self) -> None:
        with psycopg.connect(self.dsn) as admin:
            admin.execute("UPDATE cell.job SET run_at = now()")


@pytest.fixture
def days(runtime: Runtime, drain: Drain, monkeypatch: pytest.MonkeyPatch) -> Days:
    clock = FrozenClock(datetime.now(UTC))
    monkeypatch.setattr(runtime, "clock", clock)
    return Days(clock, runtime.databases.settings.admin_dsn(), drain)
