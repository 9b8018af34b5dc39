"""Carries events to the product's webhook: signed, and as late, often and mixed up as one asks for."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable

import structlog
from stripe import WebhookSignature

from tenants.billing.simulator.world import World

Send = Callable[[str, str], Awaitable[int]]
TRIES = 8
PAUSE_S = 0.1
log = structlog.get_logger(__name__)


class Courier:
    """Sends what is in the world's outbox; ``send(body, signature)`` gives the status of the answer."""

    def __init__(self, world: World, send: Send, secret: str, *, seed: int | None = None) -> None:
        self.world = world
        self.send = send
        self.secret = secret
        self.random = random.Random(seed)  # noqa: S311 (decides about disorder, nothing else)
        self.tries: dict[str, int] = {}

    async def pump(self) -> int:
        """Send everything that waits; gives how many arrived. What fails waits for the next time."""
        waiting, self.world.outbox = self.world.outbox, []
        copies = [each for each in waiting for _ in range(1 + self._duplicates())]
        if self.world.delivery["shuffle"]:
            self.random.shuffle(copies)
        arrived = 0
        for event_id in copies:
            if await self._deliver(event_id):
                arrived += 1
            elif self._may_try_again(event_id):
                self.world.outbox.append(event_id)
        return arrived

    async def run(self) -> None:
        """Send for ever."""
        while True:
            await asyncio.sleep(PAUSE_S)
            if self.world.delivery["hold"] or not self.world.outbox:
                continue
            await asyncio.sleep(self.random.uniform(0, self.world.delivery["delay_s"]))
            await self.pump()
            self.world.save()

    async def _deliver(self, event_id: str) -> bool:
        event = self.world.get("event", event_id)
        body = json.dumps(event)
        signature = WebhookSignature.generate_signature_header(body, self.secret)
        try:
            status = await self.send(body, signature)
        except OSError as error:
            log.warning("webhook failed", message=event_id, error=repr(error))
            status = 0
        if 200 <= status < 300:
            event["pending_webhooks"] = 0
            return True
        return False

    def _may_try_again(self, event_id: str) -> bool:
        self.tries[event_id] = self.tries.get(event_id, 0) + 1
        return self.tries[event_id] < TRIES

    def _duplicates(self) -> int:
        return self.random.randint(0, int(self.world.delivery["duplicates"]))
