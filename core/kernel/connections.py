"""Keep the outbound client's connections for their next request.

Owns: which connections are idle, and how many there may be. A request costs the same however many are open:
httpcore's own pool looks at all of them for each, and keeps none while more are at work than may be idle.
Never does: choose an address, follow a redirect, read what is sent or answered.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final

import httpcore
import httpx

MOST_AT_WORK: Final = 300
MOST_IDLE: Final = 100
IDLE_S: Final = 10.0

Connection = httpcore.AsyncHTTPConnection
Origin = tuple[bytes, bytes, int]


class Connections(httpx.AsyncBaseTransport):
    """HTTP/1.1 over connections that are used again, the one used last first."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        backend: httpcore.AsyncNetworkBackend,
        *,
        most_at_work: int = MOST_AT_WORK,
        most_idle: int = MOST_IDLE,
        idle_s: float = IDLE_S,
    ) -> None:
        self._tls = tls
        self._backend = backend
        self._most_idle = most_idle
        self._idle_s = idle_s
        self._room = asyncio.Semaphore(most_at_work)
        self._idle: dict[Connection, tuple[Origin, float]] = {}
        self._of: dict[Origin, list[Connection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its connection is free again when the answer is closed."""
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        await self._room.acquire()
        try:
            connection = await self._take(asked.url.origin)
            try:
                answer = await connection.handle_async_request(asked)
            except BaseException:
                await connection.aclose()
                raise
        except BaseException:
            self._room.release()
            raise
        body = _Body(answer.stream, partial(self._give_back, connection, _key(asked.url.origin)))
        return httpx.Response(
            answer.status, headers=answer.headers, stream=body, extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close what is idle."""
        while self._idle:
            await self._drop_oldest()

    async def _take(self, origin: httpcore.Origin) -> Connection:
        while kept := self._of.get(_key(origin)):
            connection = kept[-1]
            since = self._forget(connection)
            # Readable while idle means that the other side closed it.
            if time.monotonic() - since < self._idle_s and not connection.has_expired():
                return connection
            await connection.aclose()
        return Connection(origin, ssl_context=self._tls, network_backend=self._backend)

    async def _give_back(self, connection: Connection, origin: Origin) -> None:
        self._room.release()
        now = time.monotonic()
        if connection.is_idle():
            self._idle[connection] = (origin, now)
            self._of.setdefault(origin, []).append(connection)
        while self._idle and (len(self._idle) > self._most_idle or self._is_over(now)):
            await self._drop_oldest()

    def _is_over(self, now: float) -> bool:
        _, since = next(iter(self._idle.values()))
        return now - since >= self._idle_s

    async def _drop_oldest(self) -> None:
        connection = next(iter(self._idle))
        self._forget(connection)
        await connection.aclose()

    def _forget(self, connection: Connection) -> float:
        """Take a connection off the books; gives since when it was idle."""
        origin, since = self._idle.pop(connection)
        self._of[origin].remove(connection)
        if not self._of[origin]:
            del self._of[origin]
        return since


class _Body(httpx.AsyncByteStream):
    """The body of an answer, which gives its connection back when it is closed."""

    def __init__(self, stream: Any, give_back: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._give_back = give_back
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._stream.aclose()
        finally:
            await self._give_back()


def _key(origin: httpcore.Origin) -> Origin:
    return origin.scheme, origin.host, origin.port
