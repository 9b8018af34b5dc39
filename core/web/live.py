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

from litestar import Controller, Request
from litestar.response import ServerSentEvent, ServerSentEventMessage

from core.ext.faults import alone, failed
from core.ext.specs import LivePart
from core.kernel.cache import Cache
from core.kernel.errors import AppError
from core.kernel.wake import LIVE
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.web.request import SIGNED_IN, principal_of, runtime_of
from core.web.routing import get
from core.web.templating import environment, shown_in

PAUSE_S = 1.0
PART_S = 2.0
"""How long a module may take over its part of the shell."""
LOOK_S = 20.0
"""Without a signal a stream looks this often all the same: Valkey may be away."""
LIFE_S = 600.0
STREAMS = 20
"""How many streams one member holds in a process; one more ends the oldest."""


class Stream:
    """An open stream: its bell, and whether a newer one took its place."""

    def __init__(self) -> None:
        self.bell = asyncio.Event()
        self.is_over = False


class Hub:
    """Wakes the streams of a workspace; one subscription of the process serves all of them."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._streams: dict[UUID, dict[UUID | None, list[Stream]]] = defaultdict(lambda: defaultdict(list))
        self._task: asyncio.Task[None] | None = None

    def join(self, tenant_id: UUID, member_id: UUID | None = None) -> Stream:
        """Open a stream of a member; where he has too many, the oldest is over."""
        stream, own = Stream(), self._streams[tenant_id][member_id]
        own.append(stream)
        for old in own[:-STREAMS]:
            old.is_over = True
            old.bell.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        return stream

    def leave(self, tenant_id: UUID, member_id: UUID | None, stream: Stream) -> None:
        """Close a stream; the last one ends the subscription."""
        members = self._streams[tenant_id]
        members[member_id].remove(stream)
        if not members[member_id]:
            del members[member_id]
        if not members:
            del self._streams[tenant_id]
        if not self._streams and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _listen(self) -> None:
        async for signal in self._cache.subscribe(LIVE):
            asked = _tenant(signal.data) if signal.channel else None
            for tenant_id, members in self._streams.items():
                if asked in {None, tenant_id}:
                    for stream in (one for own in members.values() for one in own):
                        stream.bell.set()


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
    place = (principal.tenant.id, principal.member_id)
    stream = hub.join(*place)
    sent: dict[str, str] = {}
    ends_at = asyncio.get_running_loop().time() + LIFE_S
    try:
        while asyncio.get_running_loop().time() < ends_at and not stream.is_over:
            stream.bell.clear()
            listener = await _still_there(runtime, request, place[0])
            if listener is None:
                return
            fresh = {
                key: html for key, html in (await look(runtime, listener)).items() if sent.get(key) != html
            }
            sent |= fresh
            if fresh:
                yield ServerSentEventMessage(event="partial", data="".join(fresh.values()))
            else:
                yield ServerSentEventMessage(comment="still here")
            await asyncio.sleep(PAUSE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await stream.bell.wait()
    finally:
        hub.leave(*place, stream)


async def _still_there(
    runtime: Runtime, request: Request[Any, Any, Any], tenant_id: UUID
) -> Principal | None:
    """Who listens, as of now; None where the session has ended, or the way into this workspace."""
    try:
        found = await runtime.authenticate(request)
    except AppError:
        return None
    return found if found is not None and found.tenant is not None and found.tenant.id == tenant_id else None


async def look(runtime: Runtime, principal: Principal) -> dict[str, str]:
    """Render every part of the shell that a member may see; one that fails is left out."""
    found: dict[str, str] = {}
    async with runtime.enter(principal, readonly=True) as ctx:
        for part in runtime.registry.serve(LivePart, ctx):
            try:
                async with alone(ctx, PART_S):
                    template, values = await part.render(ctx)
                with shown_in(ctx.zone, ctx.now()):
                    found[part.key] = environment(ctx.locale).get_template(template).render(ctx=ctx, **values)
            except Exception as error:
                failed(ctx, part, error)
    return found


def _tenant(data: bytes) -> UUID:
    try:
        return UUID(data.decode())
    except ValueError:
        return UUID(int=0)
