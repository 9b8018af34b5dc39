"""An app's author: a server that publishes a manifest and is told of events, and the same app entered by hand."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.kernel.addresses import networks
from core.kernel.http import Outbound, Policy
from core.runtime import Runtime
from tenants.api_keys import authentication
from tenants.remote_apps.models import RemoteApp
from tenants.remote_apps.queries import Panels
from tests.core.webhooks.receiver import Receiver
from tests.fakes.http import HttpListener
from tests.fixtures.people import Person

KEY = re.compile(r"gx_(?:live|test)_[0-9A-Za-z]{36}")
SECRET = re.compile(r"whsec_[0-9A-Za-z+/=]{44}")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> Iterator[None]:
    """Ask the database every time: what is tested is not how long a process remembers."""
    monkeypatch.setattr(authentication, "TTL_S", 0.0)
    authentication._kept.clear()
    runtime._parts.pop(Panels, None)
    yield
    runtime._parts.pop(Panels, None)


@dataclass
class Author:
    """The other side of a remote app."""

    receiver: Receiver
    server: HttpListener
    manifest_url: str
    manifest: dict[str, Any] = field(default_factory=dict)

    def publish(
        self, body: bytes | None = None, *, status: str = "200 OK", headers: str = "", **changes: Any
    ) -> None:
        """Put a document where the manifest is."""
        self.manifest |= changes
        body = json.dumps(self.manifest).encode() if body is None else body
        self.server.answer = (
            f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )

    def form(self, **changes: Any) -> dict[str, Any]:
        """The same app as a form sends it."""
        return {
            "name": "Shipping",
            "summary": "Where parcels are",
            "home_url": "https://shipping.example",
            "scope.customers": "read",
            "webhook_url": self.receiver.url("ok"),
            "events": "customer.*",
            "panels.0.on": "customer",
            "panels.0.title": "Parcels",
            "panels.0.url": self.receiver.url("panel"),
            "panels.1.on": "customer",
            "panels.1.title": "",
            "panels.1.url": "",
            **changes,
        }


@pytest.fixture
async def author(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Author]:
    """An author whose servers this process may call."""
    receiver, server = Receiver(), HttpListener()
    await receiver.start()
    port = await server.start()
    http = Outbound(
        Policy(
            schemes=frozenset({"http"}),
            ports=frozenset({receiver.port, port}),
            allowed_networks=networks(["127.0.0.0/8"]),
        )
    )
    monkeypatch.setattr(runtime, "http", http)
    made = Author(receiver, server, f"http://127.0.0.1:{port}/app.json")
    made.publish(
        name="Shipping",
        summary="Where parcels are",
        scopes=["customers:read"],
        events=["customer.created"],
        webhook_url=receiver.url("ok"),
        panels=[{"on": "customer", "title": "Parcels", "url": receiver.url("panel")}],
    )
    yield made
    await http.close()
    receiver.stop()
    server.stop()


@dataclass
class Made:
    """An app as it was made, with what was shown once."""

    id: UUID
    key: str
    secret: str


async def make(person: Person, author: Author, **changes: Any) -> Made:
    """Make an app by hand."""
    answer = await person.post("/remote-apps/new", author.form(**changes))
    assert answer.status_code == 200, answer.text
    app = (await apps_of(person))[-1]
    key, secret = KEY.search(answer.text), SECRET.search(answer.text)
    return Made(app.id, key.group(0) if key else "", secret.group(0) if secret else "")


async def apps_of(person: Person) -> list[RemoteApp]:
    """The apps of a person's workspace, the latest last."""
    async with person.runtime.control() as control:
        found = select(RemoteApp).where(RemoteApp.tenant_id == person.tenant.id).order_by(RemoteApp.id)
        return list(await control.session.scalars(found))


async def asked(person: Person, key: str, path: str = "/customers") -> int:
    """How the API answers a key."""
    return (await person.api.get(path, headers={"Authorization": f"Bearer {key}"})).status_code
