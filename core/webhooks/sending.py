"""Sends what is due to one endpoint: several calls at once, each noted as soon as it is answered.

A job per endpoint, in the slots for calls, so that a slow receiver keeps nobody waiting but itself. It works for a
while, then lets others have the slot. Killed between a call and its note, it sends again, under the same id.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from core.kernel.http import Answer, Outbound, OutboundError, OutboundTooLarge
from core.webhooks import schedule, signing
from core.webhooks import service_sending as writing
from core.webhooks.service_sending import Due, Outcome, Plan

TURN_S: Final = 30.0
TIMEOUT_S: Final = 15.0
GATHER_S: Final = 0.5
KEPT_BYTES: Final = 4096
KEPT_HEADERS: Final = ("content-type", "date", "retry-after", "server", "location", "x-request-id")


async def deliver(run: Any) -> None:
    """Send to the endpoint until nothing is due or the turn is over."""
    endpoint_id, ends = run.params.endpoint_id, time.monotonic() + TURN_S
    async with run.open() as ctx:
        if run.params.is_wake:
            await writing.wake(ctx, endpoint_id)
        plan = await writing.plan(ctx, endpoint_id, run.id)
        sender = Sender(run, ctx.machinery.http, ctx.machinery.clock.now)
    while plan is not None:
        await sender.send(plan, ends)
        async with run.open() as ctx:
            plan = await writing.plan(ctx, endpoint_id, run.id, is_last=time.monotonic() > ends)


class Sender:
    """The calls of one turn, and the notes about them."""

    def __init__(self, run: Any, http: Outbound, now: Callable[[], datetime]) -> None:
        self._run = run
        self._http = http
        self._now = now

    async def send(self, plan: Plan, ends: float) -> None:
        """Make the calls of a plan, as many as begin in time; notes are written while further calls are under way."""
        waiting = deque(plan.due)
        answered: asyncio.Queue[Outcome] = asyncio.Queue()

        failed = 0

        async def caller() -> None:
            nonlocal failed
            while waiting and time.monotonic() < ends:
                outcome = await self.call(plan, waiting.popleft())
                answered.put_nowait(outcome)
                failed = 0 if outcome.is_success else failed + 1
                if failed >= schedule.CALM_AFTER:
                    # The notes will say so too, but a receiver that fails quickly would be asked a lot until then.
                    waiting.clear()

        callers = asyncio.gather(*(caller() for _ in range(min(plan.width, len(waiting)))))
        try:
            while outcomes := await _fresh(answered, callers):
                async with self._run.open() as ctx:
                    goes_on = await writing.record(ctx, self._run.params.endpoint_id, self._run.id, outcomes)
                if not goes_on:
                    waiting.clear()
        finally:
            callers.cancel()

    async def call(self, plan: Plan, due: Due) -> Outcome:
        """Send one message."""
        at, began = self._now(), time.monotonic()
        headers = signing.headers(plan.secrets, due.message_id, at, due.body)
        answer: Answer | None = None
        error = ""
        try:
            answer = await self._http.request(
                "POST",
                plan.url,
                headers=headers,
                content=due.body,
                max_response_bytes=KEPT_BYTES,
                timeout_s=TIMEOUT_S,
            )
        except OutboundTooLarge as reason:
            answer = reason.answer
        except OutboundError as reason:
            error = str(reason)
        spent_ms = round((time.monotonic() - began) * 1000)
        outcome = Outcome(
            due=due,
            at=at,
            url=plan.url,
            request_headers=headers,
            duration_ms=spent_ms,
            error=error,
            headers={},
        )
        if answer is None:
            return outcome
        return replace(
            outcome,
            status=answer.status,
            headers={name: answer.headers[name][:500] for name in KEPT_HEADERS if name in answer.headers},
            body=answer.body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
            retry_after_s=_seconds(answer.headers.get("retry-after", "")),
        )


async def _fresh(answered: asyncio.Queue[Outcome], callers: asyncio.Future[Any]) -> list[Outcome]:
    """What was answered since the last call; waits for the first, empty when all calls are over."""
    if answered.empty() and not callers.done():
        first = asyncio.ensure_future(answered.get())
        await asyncio.wait({first, callers}, return_when=asyncio.FIRST_COMPLETED)
        if first.done():
            # Notes cost more than calls to a quick receiver: several calls share one.
            await asyncio.wait({callers}, timeout=GATHER_S)
            return [first.result(), *_rest(answered)]
        first.cancel()
    if callers.done() and not callers.cancelled():
        callers.result()
    return _rest(answered)


def _rest(answered: asyncio.Queue[Outcome]) -> list[Outcome]:
    found = []
    while not answered.empty():
        found.append(answered.get_nowait())
    return found


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
