import asyncio
import time
from itertools import pairwise

from core.kernel.wake import Joined, Waker


class Told:
    """What was published, and when: the waker's own reading of the clock, as others may come late to theirs."""

    def __init__(self) -> None:
        self.at: list[tuple[str, float]] = []
        self.read = 0.0

    def clock(self) -> float:
        self.read = time.monotonic()
        return self.read

    async def publish(self, channel: str, data: bytes | str) -> object:
        self.at.append((channel, self.read))
        return True


async def test_many_commits_wake_at_most_once_per_50_ms() -> None:
    told = Told()
    waker = Waker(told, clock=told.clock)
    while len(told.at) < 5:
        waker.notify("main events")
        await asyncio.sleep(0.001)
    await waker.close()
    assert all(later - earlier >= 0.045 for (_, earlier), (_, later) in pairwise(told.at))


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
    soon = Joined(lambda: called.append(soon._last), 0.05)
    soon()
    # Two turns of the loop are no pause, however slow they are.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(called) == 1
    for _ in range(3):
        soon()
    while len(called) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert called[1] - called[0] >= 0.045
    await asyncio.sleep(0.1)
    assert len(called) == 2
