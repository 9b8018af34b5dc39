"""Puts the simulator together: ``create_app`` for tests, ``serve`` for `guanxi billing-simulator`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar, MediaType, Request, Response

from tenants.billing.simulator import api, pages
from tenants.billing.simulator.courier import Courier
from tenants.billing.simulator.params import Problem
from tenants.billing.simulator.world import World

TIMEOUT_S = 10.0


def create_app(world: World, courier: Courier | None = None) -> Litestar:
    """Make the application; with a courier it sends webhooks while it runs."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(courier.run()) if courier else None
        yield
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    app = Litestar(
        route_handlers=[
            api.read,
            api.write,
            api.remove,
            pages.index,
            pages.checkout,
            pages.pay,
            pages.portal,
            pages.use_portal,
            pages.invoice,
            pages.levers,
        ],
        exception_handlers={Problem: _problem},
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
    )
    app.state.world = world
    return app


def _problem(_: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
    return Response(problem.body, status_code=problem.status, media_type=MediaType.JSON)


async def serve(address: str, *, home: Path, webhook: str, secret: str) -> None:
    """Run at ``address``, keep the state in ``home`` and tell ``webhook`` what happens."""
    world = World(home / "billing-simulator.json")
    world.address = address
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:

        async def send(body: str, signature: str) -> int:
            headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
            try:
                return (await client.post(webhook, content=body, headers=headers)).status_code
            except httpx.HTTPError:
                return 0

        parts = urlsplit(address)
        app = create_app(world, Courier(world, send, secret))
        server = Server(
            app,
            address=parts.hostname or "127.0.0.1",
            port=parts.port or 80,
            interface=Interfaces.ASGI,
            websockets=False,
            log_level=LogLevels.warning,
        )
        await server.serve()
