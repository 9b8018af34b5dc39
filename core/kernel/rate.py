"""Count what callers do, exactly, over all processes.

Owns: the sliding-window limiter, the concurrency limiter, the values of the RateLimit headers.
Never does: answer an error because Redis or Valkey is away; it then counts per process, in memory.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from core.kernel.cache import Cache
from core.kernel.errors import TooManyRequests
from core.kernel.ids import opaque

_MAX_KEYS_IN_MEMORY = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `limit` hits of `key` in any stretch of `period_s` seconds; `name` is shown to clients."""

    name: str
    key: str
    limit: int
    period_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one hit; where several limits were asked, of the tightest."""

    allowed: bool
    limit: Limit
    remaining: int
    reset_s: float
    retry_after_s: float
    policies: tuple[Limit, ...] = ()

    def headers(self) -> dict[str, str]:
        """Return RateLimit and RateLimit-Policy (structured fields), and Retry-After if refused."""
        policies = self.policies or (self.limit,)
        out = {
            "RateLimit-Policy": ", ".join(
                f'"{p.name}";q={p.limit};w={math.ceil(p.period_s)}' for p in policies
            ),
            "RateLimit": f'"{self.limit.name}";r={self.remaining};t={math.ceil(self.reset_s)}',
        }
        if not self.allowed:
            out["Retry-After"] = str(max(1, math.ceil(self.retry_after_s)))
        return out

    def require(self) -> None:
        """Raise TooManyRequests unless the hit was allowed."""
        if not self.allowed:
            raise TooManyRequests(self.retry_after_s, headers=self.headers())


# Each key is a list of the times (microseconds) of the allowed hits of one period, oldest first: exact over
# any stretch, unlike a bucket that refills, and O(1) per hit. The server's clock is everybody's clock.
_HIT = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local answer, allowed = {}, 1
for i, key in ipairs(KEYS) do
  local limit, period = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local oldest = tonumber(redis.call('LINDEX', key, 0) or now)
  while oldest <= now - period do
    redis.call('LPOP', key)
    oldest = tonumber(redis.call('LINDEX', key, 0) or now)
  end
  local used = redis.call('LLEN', key)
  if used >= limit then allowed = 0 end
  answer[i] = {used, string.format('%.0f', oldest + period - now)}
end
if allowed == 1 then
  for i, key in ipairs(KEYS) do
    redis.call('RPUSH', key, string.format('%.0f', now))
    redis.call('PEXPIRE', key, math.ceil(ARGV[2 * i] / 1000))
    answer[i][1] = answer[i][1] + 1
  end
end
return {allowed, answer}
"""

_ACQUIRE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""

_RELEASE = "return redis.call('ZREM', KEYS[1], ARGV[1])"


class Limiter:
    """Rate and concurrency limits per tenant, key and address."""

    def __init__(self, cache: Cache, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._cache = cache
        self._monotonic = monotonic
        self._hits: OrderedDict[str, deque[float]] = OrderedDict()
        self._slots: OrderedDict[str, dict[str, float]] = OrderedDict()

    async def hit(self, key: str, limit: int, period_s: float, *, name: str = "default") -> Verdict:
        """Count one hit of `key` if the limit allows it."""
        return await self.hit_all([Limit(name, key, limit, period_s)])

    async def hit_all(self, limits: Sequence[Limit]) -> Verdict:
        """Count one hit under every limit, or under none if any of them refuses; one round trip."""
        keys = [f"rate:{limit.key}:{limit.limit}/{limit.period_s:g}" for limit in limits]
        args = [number for limit in limits for number in (limit.limit, round(limit.period_s * 1_000_000))]
        answer = await self._cache.run(_HIT, keys, args)
        if answer is None:
            return self._hit_in_memory(keys, limits)
        allowed, states = cast("tuple[int, list[tuple[int, bytes]]]", answer)
        return _verdict(bool(allowed), limits, [(used, int(until) / 1_000_000) for used, until in states])

    def _hit_in_memory(self, keys: Sequence[str], limits: Sequence[Limit]) -> Verdict:
        now = self._monotonic()
        windows = [self._window(key) for key in keys]
        for window, limit in zip(windows, limits, strict=True):
            while window and window[0] <= now - limit.period_s:
                window.popleft()
        allowed = all(len(w) < limit.limit for w, limit in zip(windows, limits, strict=True))
        if allowed:
            for window in windows:
                window.append(now)
        states = [
            (len(w), (w[0] if w else now) + limit.period_s - now)
            for w, limit in zip(windows, limits, strict=True)
        ]
        return _verdict(allowed, limits, states)

    def _window(self, key: str) -> deque[float]:
        window = self._hits.setdefault(key, deque())
        self._hits.move_to_end(key)
        if len(self._hits) > _MAX_KEYS_IN_MEMORY:
            self._hits.popitem(last=False)
        return window

    @asynccontextmanager
    async def slot(self, key: str, limit: int, *, lease_s: float) -> AsyncIterator[None]:
        """Hold one of `limit` places while the block runs; raise TooManyRequests if all are taken.

        A place whose holder was killed comes back after `lease_s`.
        """
        name = f"slot:{key}"
        holder = opaque()
        taken = await self._cache.run(_ACQUIRE, [name], [limit, round(lease_s * 1000), holder])
        in_memory = taken is None
        if in_memory:
            taken = self._acquire_in_memory(name, limit, lease_s, holder)
        if not taken:
            raise TooManyRequests(1)
        try:
            yield
        finally:
            if in_memory:
                self._slots.get(name, {}).pop(holder, None)
            else:
                await self._cache.run(_RELEASE, [name], [holder])

    def _acquire_in_memory(self, name: str, limit: int, lease_s: float, holder: str) -> bool:
        now = self._monotonic()
        held = {h: until for h, until in self._slots.pop(name, {}).items() if until > now}
        self._slots[name] = held
        if len(self._slots) > _MAX_KEYS_IN_MEMORY:
            self._slots.popitem(last=False)
        if len(held) >= limit:
            return False
        held[holder] = now + lease_s
        return True


def _verdict(allowed: bool, limits: Sequence[Limit], states: Sequence[tuple[int, float]]) -> Verdict:
    """Report the limit with the least room left; `states` are (used, seconds until the oldest leaves)."""
    rooms = [limit.limit - used for limit, (used, _) in zip(limits, states, strict=True)]
    full = [until for room, (_, until) in zip(rooms, states, strict=True) if room <= 0]
    at = min(range(len(limits)), key=lambda i: (rooms[i], -states[i][1]))
    return Verdict(
        allowed=allowed,
        limit=limits[at],
        remaining=max(0, rooms[at]),
        reset_s=max(0.0, states[at][1]),
        retry_after_s=0.0 if allowed else max([0.0, *full]),
        policies=tuple(limits),
    )
