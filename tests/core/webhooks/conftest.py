from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from core.kernel.addresses import networks
from core.kernel.http import Outbound, Policy
from core.runtime import Runtime
from tests.core.webhooks.receiver import Receiver


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


Make = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def hook(receiver: Receiver) -> Make:
    """Make a webhook through the API."""

    async def make(person: Any, path: str = "ok", **values: Any) -> dict[str, Any]:
        answer = await person.api.post("/webhooks", json={"url": receiver.url(path), **values})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make
