import asyncio
from itertools import pairwise

from core.kernel.wake import Joined, Waker


class Told:
    def __init__(self) -> None:
        self.at: list[tuple[str, float]] = []

    async def publish(self, channel: str, data: bytes | str) -> object:
        self.at.append((channel, asyncio.get_running_loop().time()))
        return True


async def test_many_commits_wake_at_most_once_per_50_ms() -> None:
    told = Told()
    waker = Waker(told)
    start = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() < start + 0.3:
        waker.notify("main events")
        await asyncio.sleep(0.001)
    await waker.close()
    times = [at for _, at in told.at]
    assert 2 <= len(times) <= 8
    assert all(later - earlier >= 0.045 for earlier, later in pairwise(times))


async def test_the_first_commit_wakes_at_once_and_the_last_is_not_forgotten() -> None:
    told = Told()
    waker = Waker(told)
    waker.notify("main events")
    waker.notify("other events")
    await asyncio.sleep(0.01)
    assert {channel for channel, _ in told.at} == {"wake:main", "wake:other"}
    waker.notify("main events")
    await waker.close()
    assert len(told.at) == 3


async def test_calls_are_joined_until_the_pause_is_over() -> None:
    called: list[float] = []
    loop = asyncio.get_running_loop()
    soon = Joined(lambda: called.append(loop.time()), 0.05)
    start = loop.time()
    soon()
    await asyncio.sleep(0.005)
    assert len(called) == 1
    for _ in range(3):
        soon()
    await asyncio.sleep(0.01)
    assert len(called) == 1
    await asyncio.sleep(0.1)
    assert len(called) == 2
    assert called[1] - start >= 0.045
