"""Talk to Redis or Valkey, which hold only what can be rebuilt.

Owns: the connection pool, the circuit that skips a dead server, the subscription that reconnects.
Never does: raise because the server is away. Every failure is a miss and at most one warning a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis.asyncio as valkey
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as ServerGone
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from core.kernel.metrics import CACHE_UP

log = structlog.get_logger(__name__)

_WARN_EVERY_S = 60.0
_PAUSE_FIRST_S = 0.05
_PAUSE_LONGEST_S = 1.0
_FAILURES = (RedisError, OSError, TimeoutError)


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
        self._client = _client(url, timeout_s, max_connections) if url else None
        self._listener = _client(url, max(timeout_s, 1.0), 8) if url else None
        self._scripts: dict[str, AsyncScript] = {}

    @property
    def is_available(self) -> bool:
        """Tell whether the last word from the server was a good one."""
        return self._client is not None and self._circuit.is_healthy

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None where it is absent or the server is away."""
        return cast("bytes | None", await self._try(lambda c: c.get(self._prefix + key), None))

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values in the order of the keys, None for each miss."""
        if not keys:
            return []
        misses: list[bytes | None] = [None] * len(keys)
        found = await self._try(lambda c: c.mget([self._prefix + key for key in keys]), misses)
        return cast("list[bytes | None]", found)

    async def set(self, key: str, value: bytes | str | int, *, ttl_s: float) -> bool:
        """Store the value for `ttl_s` seconds; False where it could not be stored."""
        px = max(1, round(ttl_s * 1000))
        return bool(await self._try(lambda c: c.set(self._prefix + key, value, px=px), False))

    async def delete(self, *keys: str) -> bool:
        """Remove the keys; False where the server is away (they then live until their time is up)."""
        if not keys:
            return True
        removed = await self._try(lambda c: c.delete(*(self._prefix + key for key in keys)), None)
        return removed is not None

    async def incr(self, key: str, by: int = 1, *, ttl_s: float) -> int | None:
        """Add to a counter that lives `ttl_s` seconds from its first use; None where the server is away."""
        px = max(1, round(ttl_s * 1000))
        return cast("int | None", await self.run(_INCR, [key], [by, px]))

    async def run(
        self, script: str, keys: Sequence[str], args: Sequence[bytes | str | float]
    ) -> object | None:
        """Run a Lua script atomically on the keys; None where the server is away."""
        if self._client is None:
            return None
        prepared = self._scripts.get(script)
        if prepared is None:
            prepared = self._scripts[script] = self._client.register_script(script)
        full = [self._prefix + key for key in keys]
        return cast(
            "object | None", await self._try(lambda c: prepared(keys=full, args=args, client=c), None)
        )

    async def publish(self, channel: str, data: bytes | str) -> bool:
        """Tell the subscribers of a channel; False where the server is away."""
        return await self._try(lambda c: c.publish(self._prefix + channel, data), None) is not None

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
        if self._client is None:
            return False
        try:
            await self._client.get(self._prefix + "ping")
        except _FAILURES as error:
            self._circuit.failed(error)
            return False
        self._circuit.succeeded()
        return True

    async def close(self) -> None:
        """Close all connections; subscriptions end."""
        self._closed = True
        for client in (self._client, self._listener):
            if client is not None:
                with contextlib.suppress(*_FAILURES):
                    await client.aclose()

    async def _try(self, call: Callable[[valkey.Redis], Awaitable[Any]], missed: Any) -> Any:
        if self._client is None or not self._circuit.lets_through():
            return missed
        try:
            answer = await call(self._client)
        except _FAILURES as error:
            self._circuit.failed(error)
            return missed
        if not self._circuit.is_healthy:
            self._circuit.succeeded()
        return answer


_INCR = """
local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return total
"""


def _client(url: str, timeout_s: float, max_connections: int) -> valkey.Redis:
    pool = valkey.BlockingConnectionPool.from_url(
        url,
        protocol=3,
        max_connections=max_connections,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        # One repeat at once heals a connection that died with a restarted server. A time-out is not repeated:
        # the caller waits for us.
        retry=Retry(NoBackoff(), 1, supported_errors=(ServerGone,)),
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return valkey.Redis.from_pool(pool)


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
