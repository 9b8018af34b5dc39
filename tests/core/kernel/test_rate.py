from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time

import pytest

from core.kernel.cache import Cache
from core.kernel.errors import TooManyRequests
from core.kernel.rate import Limit, Limiter
from tests.fakes.valkey import ValkeyProcess

_HAMMER = """
import asyncio, sys
from core.kernel.cache import Cache
from core.kernel.rate import Limiter

async def main(url):
    limiter = Limiter(Cache(url, timeout_s=30))
    verdicts = await asyncio.gather(*(limiter.hit("tenant", 50, 600) for _ in range(200)))
    print(sum(verdict.allowed for verdict in verdicts))

asyncio.run(main(sys.argv[1]))
"""


def test_four_processes_get_exactly_fifty_of_fifty(valkey: ValkeyProcess):
    processes = [
        subprocess.Popen([sys.executable, "-c", _HAMMER, valkey.url], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    allowed = [int(process.communicate()[0]) for process in processes]
    assert sum(allowed) == 50


_AGE = """
local at = redis.call('LINDEX', KEYS[1], 0)
return redis.call('LSET', KEYS[1], 0, string.format('%.0f', at - ARGV[1]))
"""


async def age_the_oldest(cache: Cache, key: str, limit: int, period_s: int) -> None:
    """Have the oldest hit happened one period earlier: no test has to wait for it."""
    assert await cache.run(_AGE, [f"rate:{key}:{limit}/{period_s}"], [period_s * 1_000_000]) is not None


async def test_the_window_slides(cache: Cache):
    limiter = Limiter(cache)
    assert [(await limiter.hit("k", 2, 600)).allowed for _ in range(3)] == [True, True, False]
    await age_the_oldest(cache, "k", 2, 600)
    assert [(await limiter.hit("k", 2, 600)).allowed for _ in range(2)] == [True, False]


async def test_never_more_than_the_limit_in_any_stretch(cache: Cache):
    limiter, times = Limiter(cache), []
    while len(times) < 15:
        before = time.monotonic()
        if (await limiter.hit("k", 5, 0.25)).allowed:
            times.append((before, time.monotonic()))
    for i in range(len(times) - 5):
        # The sixth hit cannot have happened within the period after the first.
        assert times[i + 5][1] - times[i][0] >= 0.25


async def test_a_refused_hit_is_not_counted(cache: Cache):
    limiter = Limiter(cache)
    await limiter.hit("k", 1, 600)
    for _ in range(5):
        assert not (await limiter.hit("k", 1, 600)).allowed
    await age_the_oldest(cache, "k", 1, 600)
    assert (await limiter.hit("k", 1, 600)).allowed


@pytest.fixture(params=["server", "memory"])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    return Limiter(request.getfixturevalue("cache") if request.param == "server" else Cache(None))


async def test_reports_room_and_headers(limiter: Limiter):
    first = await limiter.hit("k", 2, 60, name="tenant")
    assert first.headers() == {"RateLimit-Policy": '"tenant";q=2;w=60', "RateLimit": '"tenant";r=1;t=60'}
    await limiter.hit("k", 2, 60, name="tenant")
    refused = await limiter.hit("k", 2, 60, name="tenant")
    assert not refused.allowed
    assert 0 < refused.retry_after_s == refused.reset_s <= 60
    left = math.ceil(refused.reset_s)
    with pytest.raises(TooManyRequests) as caught:
        refused.require()
    assert caught.value.headers["RateLimit"] == f'"tenant";r=0;t={left}'
    assert caught.value.headers["Retry-After"] == str(left)


async def test_all_limits_or_none(limiter: Limiter):
    wide, narrow = Limit("tenant", "t", 100, 60), Limit("key", "k", 1, 60)
    first = await limiter.hit_all([wide, narrow])
    assert first.allowed
    assert first.limit == narrow
    assert first.headers()["RateLimit-Policy"] == '"tenant";q=100;w=60, "key";q=1;w=60'
    assert not (await limiter.hit_all([wide, narrow])).allowed
    assert (await limiter.hit_all([wide])).remaining == 98


async def test_keys_do_not_share(limiter: Limiter):
    assert (await limiter.hit("a", 1, 60)).allowed
    assert (await limiter.hit("b", 1, 60)).allowed


async def test_a_dead_server_means_memory_not_an_error(valkey: ValkeyProcess):
    cache = Cache(valkey.url)
    limiter = Limiter(cache)
    valkey.kill()
    assert [(await limiter.hit("k", 3, 60)).allowed for _ in range(5)] == [True] * 3 + [False] * 2
    async with limiter.slot("s", 1, lease_s=5):
        pass
    await cache.close()


async def test_slots_bound_what_runs_at_once(limiter: Limiter):
    async with limiter.slot("s", 2, lease_s=60), limiter.slot("s", 2, lease_s=60):
        with pytest.raises(TooManyRequests):
            async with limiter.slot("s", 2, lease_s=60):
                pass
        async with limiter.slot("other", 2, lease_s=60):
            pass
    async with limiter.slot("s", 2, lease_s=60):
        pass


async def test_a_slot_is_given_back_after_an_exception(limiter: Limiter):
    with pytest.raises(ZeroDivisionError):
        async with limiter.slot("s", 1, lease_s=60):
            raise ZeroDivisionError
    async with limiter.slot("s", 1, lease_s=60):
        pass


async def test_a_killed_holder_loses_its_slot_with_the_lease(limiter: Limiter):
    held = limiter.slot("s", 1, lease_s=0.1)
    await held.__aenter__()
    await asyncio.sleep(0.15)
    async with limiter.slot("s", 1, lease_s=1):
        pass
