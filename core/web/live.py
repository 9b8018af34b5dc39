"""One stream per browser that carries parts of the shell as they change: running jobs, notifications.

Between two looks it holds no database session; it looks at most once a second, when the workspace wrote something.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from litestar import Controller, Request
from litestar.response import ServerSentEvent, ServerSentEventMessage

from core.ext.specs import LivePart
from core.kernel.cache import Cache
from core.kernel.wake import LIVE
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.web.routing import SIGNED_IN, get, principal_of, runtime_of
from core.web.templating import environment, shown_in

log = structlog.get_logger(__name__)

PAUSE_S = 1.0
LOOK_S = 20.0
"""Without a signal a stream looks this often all the same: Valkey may be away."""
LIFE_S = 600.0


class Hub:
    """Wakes the streams of a workspace; one subscription of the process serves all of them."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._bells: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def join(self, tenant_id: UUID) -> asyncio.Event:
        """Give a stream its bell."""
        bell = asyncio.Event()
        self._bells[tenant_id].add(bell)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        return bell

    def leave(self, tenant_id: UUID, bell: asyncio.Event) -> None:
        """Take a bell back; the last one ends the subscription."""
        self._bells[tenant_id].discard(bell)
        if not self._bells[tenant_id]:
            del self._bells[tenant_id]
        if not self._bells and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _listen(self) -> None:
        async for signal in self._cache.subscribe(LIVE):
            every = [bell for bells in self._bells.values() for bell in bells]
            told = self._bells.get(_tenant(signal.data), set()) if signal.channel else every
            for bell in told:
                bell.set()


class LivePages(Controller):
    """The stream."""

    path = "/live"
    include_in_schema = False

    @get("/", permission=SIGNED_IN, opt={"raw": True})
    async def stream(self, request: Request[Any, Any, Any]) -> ServerSentEvent:
        """Send the parts of the shell that changed, until the browser leaves or the session ends."""
        return ServerSentEvent(parts(runtime_of(request), request))


async def parts(
    runtime: Runtime, request: Request[Any, Any, Any]
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """Yield the changed parts of the shell; ends when the session does, or after ten minutes."""
    principal = principal_of(request)
    if principal is None or principal.tenant is None:
        return
    hub = runtime.part(Hub, lambda: Hub(runtime.cache))
    bell = hub.join(principal.tenant.id)
    sent: dict[str, str] = {}
    ends_at = asyncio.get_running_loop().time() + LIFE_S
    try:
        while asyncio.get_running_loop().time() < ends_at:
            bell.clear()
            if await runtime.authenticate(request) is None:
                return
            fresh = {
                key: html for key, html in (await look(runtime, principal)).items() if sent.get(key) != html
            }
            sent |= fresh
            if fresh:
                yield ServerSentEventMessage(event="partial", data="".join(fresh.values()))
            else:
                yield ServerSentEventMessage(comment="still here")
            await asyncio.sleep(PAUSE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await bell.wait()
    finally:
        hub.leave(principal.tenant.id, bell)


async def look(runtime: Runtime, principal: Principal) -> dict[str, str]:
    """Render every part of the shell that a member may see; one that fails is left out."""
    found: dict[str, str] = {}
    async with runtime.enter(principal, readonly=True) as ctx:
        for part in runtime.registry.serve(LivePart, ctx):
            try:
                async with ctx.attempt():
                    template, values = await part.render(ctx)
                    with shown_in(ctx.zone, ctx.now()):
                        found[part.key] = (
                            environment(ctx.locale).get_template(template).render(ctx=ctx, **values)
                        )
            except Exception:
                log.exception("live part failed", plugin=part.plugin, part=part.key)
    return found


def _tenant(data: bytes) -> UUID:
    try:
        return UUID(data.decode())
    except ValueError:
        return UUID(int=0)
