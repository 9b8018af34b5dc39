"""Talk to Redis or Valkey, which hold only what can be rebuilt.

Owns: the connection pool, the circuit that skips a dead server, the subscription that reconnects.
Never does: raise because the server is away. Every failure is a miss and at most one warning a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import redis.asyncio as valkey
import structlog
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ServerGone
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from core.kernel.metrics import CACHE_UP

log = structlog.get_logger(__name__)

_WARN_EVERY_S = 60.0
_PAUSE_FIRST_S = 0.05
_PAUSE_LONGEST_S = 1.0
_FAILURES = (RedisError, OSError, TimeoutError)
_UNKNOWN_SCRIPT = object()


@dataclass(frozen=True, slots=True)
class Signal:
    """What a subscription yields; `channel` None means (re)connected: anything may have been missed."""

    channel: str | None
    data: bytes = b""


class _Circuit:
    """Decide whether to bother the server: after a failure it is left alone for a growing pause."""

    def __init__(self) -> None:
        self._closed_until = 0.0
        self._pause_s = _PAUSE_FIRST_S
        self._warned_at = -_WARN_EVERY_S
        self._unreported = 0

    def lets_through(self) -> bool:
        now = time.monotonic()
        if not self._closed_until:
            return True
        if now < self._closed_until:
            return False
        # One caller probes; the others keep missing until it reports.
        self._closed_until = now + self._pause_s
        return True

    @property
    def is_healthy(self) -> bool:
        return not self._closed_until

    def succeeded(self) -> None:
        if self._closed_until:
            log.info("cache.back")
        CACHE_UP.set(1)
        self._closed_until, self._pause_s = 0.0, _PAUSE_FIRST_S

    def failed(self, error: BaseException) -> None:
        CACHE_UP.set(0)
        now = time.monotonic()
        self._closed_until = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, _PAUSE_LONGEST_S)
        self._unreported += 1
        if now - self._warned_at >= _WARN_EVERY_S:
            log.warning(
                "cache.unavailable", error=f"{type(error).__name__}: {error}", failures=self._unreported
            )
            self._warned_at, self._unreported = now, 0


class _Lines:
    """Connections that are used one command at a time.

    The library's own client and pool double the processor time of a command, and there is one in every request.
    """

    def __init__(self, pool: valkey.ConnectionPool, timeout_s: float, most: int) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._places = asyncio.Semaphore(most)
        self._idle: list[AbstractConnection] = []

    async def call(self, *command: bytes | str | float) -> Any:
        """Send one command and return its answer, in one time limit."""
        async with asyncio.timeout(self._timeout_s), self._places:
            while self._idle:
                with contextlib.suppress(ServerGone):
                    return await self._call(self._idle.pop(), command)
                # It died with a restarted server; a new one may live.
            line: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
            return await self._call(line, command)

    async def _call(self, line: AbstractConnection, command: tuple[bytes | str | float, ...]) -> Any:
        # An interrupted line disconnects by itself, so that no answer can reach the next caller.
        try:
            await line.send_packed_command(line.pack_command(*command), check_health=False)
            answer = await line.read_response()
        except ResponseError:
            self._idle.append(line)
            raise
        self._idle.append(line)
        return answer

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for line in idle:
            with contextlib.suppress(*_FAILURES):
                await line.disconnect()


class Cache:
    """Keys, counters and channels of one installation; without a URL every read is a miss."""

    def __init__(
        self,
        url: str | None,
        *,
        prefix: str = "guanxi:",
        timeout_s: float = 0.2,
        max_connections: int = 32,
    ) -> None:
        self._prefix = prefix
        self._circuit = _Circuit()
        self._closed = False
        self._lines = _Lines(_pool(url, None), timeout_s, max_connections) if url else None
        self._listener = valkey.Redis.from_pool(_pool(url, max(timeout_s, 1.0))) if url else None

    @property
    def is_available(self) -> bool:
        """Tell whether the last word from the server was a good one."""
        return self._lines is not None and self._circuit.is_healthy

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None where it is absent or the server is away."""
        return cast("bytes | None", await self._try(None, "GET", self._prefix + key))

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values in the order of the keys, None for each miss."""
        if not keys:
            return []
        found = await self._try([None] * len(keys), "MGET", *(self._prefix + key for key in keys))
        return cast("list[bytes | None]", found)

    async def set(self, key: str, value: bytes | str | int, *, ttl_s: float) -> bool:
        """Store the value for `ttl_s` seconds; False where it could not be stored."""
        px = max(1, round(ttl_s * 1000))
        return bool(await self._try(None, "SET", self._prefix + key, value, "PX", px))

    async def delete(self, *keys: str) -> bool:
        """Remove the keys; False where the server is away (they then live until their time is up)."""
        if not keys:
            return True
        return await self._try(None, "DEL", *(self._prefix + key for key in keys)) is not None

    async def incr(self, key: str, by: int = 1, *, ttl_s: float) -> int | None:
        """Add to a counter that lives `ttl_s` seconds from its first use; None where the server is away."""
        px = max(1, round(ttl_s * 1000))
        return cast("int | None", await self.run(_INCR, [key], [by, px]))

    async def run(
        self, script: str, keys: Sequence[str], args: Sequence[bytes | str | float]
    ) -> object | None:
        """Run a Lua script atomically on the keys; None where the server is away."""
        rest = (len(keys), *(self._prefix + key for key in keys), *args)
        answer = await self._try(None, "EVALSHA", _sha1(script), *rest)
        if answer is _UNKNOWN_SCRIPT:
            answer = await self._try(None, "EVAL", script, *rest)
        return cast("object | None", answer)

    async def publish(self, channel: str, data: bytes | str) -> bool:
        """Tell the subscribers of a channel; False where the server is away."""
        return await self._try(None, "PUBLISH", self._prefix + channel, data) is not None

    async def subscribe(self, *channels: str) -> AsyncIterator[Signal]:
        """Yield signals for ever, reconnecting; a Signal without channel says that some may be lost."""
        names = {self._prefix + channel: channel for channel in channels}
        pause_s = _PAUSE_FIRST_S
        while self._listener is not None and not self._closed:
            try:
                async with self._listener.pubsub() as pubsub:
                    await pubsub.subscribe(*names)
                    yield Signal(None)
                    pause_s = _PAUSE_FIRST_S
                    async for signal in _listen(pubsub, names):
                        yield signal
            except _FAILURES as error:
                self._circuit.failed(error)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _PAUSE_LONGEST_S)

    async def ping(self) -> bool:
        """Ask the server whether it is there, past the circuit; for health checks."""
        if self._lines is None:
            return False
        try:
            await self._lines.call("PING")
        except _FAILURES as error:
            self._circuit.failed(error)
            return False
        self._circuit.succeeded()
        return True

    async def close(self) -> None:
        """Close all connections; subscriptions end."""
        self._closed = True
        if self._lines is not None and self._listener is not None:
            await self._lines.close()
            with contextlib.suppress(*_FAILURES):
                await self._listener.aclose()

    async def _try(self, missed: Any, *command: bytes | str | float) -> Any:
        if self._lines is None or not self._circuit.lets_through():
            return missed
        try:
            answer = await self._lines.call(*command)
        except NoScriptError:
            answer = _UNKNOWN_SCRIPT
        except _FAILURES as error:
            self._circuit.failed(error)
            return missed
        if not self._circuit.is_healthy:
            self._circuit.succeeded()
        return answer


@cache
def _sha1(script: str) -> str:
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


_INCR = """
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return total
"""


def _pool(url: str, timeout_s: float | None) -> valkey.ConnectionPool:
    return valkey.ConnectionPool.from_url(
        url,
        protocol=3,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )


async def _listen(pubsub: Any, names: dict[str, str]) -> AsyncIterator[Signal]:
    """Yield messages until the connection fails; a silent server is asked every few seconds."""
    heard_at = time.monotonic()
    while True:
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=3.0)
        now = time.monotonic()
        if message is None and now - heard_at > 10.0:
            raise TimeoutError("the subscription answers no ping")
        if message is None:
            await pubsub.ping()
            continue
        heard_at = now
        if message["type"] == "message":
            yield Signal(names[message["channel"].decode()], message["data"])
