"""The played payment service beside the served site: its pages in the browser, its messages over HTTP."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server as Granian

from tenants.billing.simulator.app import create_app
from tenants.billing.simulator.courier import Courier
from tenants.billing.simulator.world import World
from tests.e2e.conftest import PATIENCE_S, Site, _answers, _until
from tests.fixtures.payments import SECRET, paying_at


@dataclass
class Till:
    """Where the customers of this run pay."""

    url: str
    world: World


@asynccontextmanager
async def played(site: Site, patch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    """Serve the payment service, and have the site know its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    world = World(clock=time.time)
    world.address = url
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:

        async def send(body: str, signature: str) -> int:
            headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
            return (
                await client.post(f"{site.url}/billing/stripe", content=body, headers=headers)
            ).status_code

        app = create_app(world, Courier(world, send, SECRET, seed=1))
        server = Granian(app, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
        serving = asyncio.create_task(server.serve())
        await _until(lambda: _answers(f"{url}/"))
        with paying_at(site.runtime, url, patch):
            yield Till(url, world)
        server.stop()
        with suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(serving, 5)
