"""Work that can wait: one piece after another, rests while others are served, an end to patience."""

import asyncio

import pytest

from core.kernel.turns import AT_WORK_S, BREATH_S, PATIENCE_S, REST, Turns, turn_held


class Time:
    """Passes only while somebody sleeps or works."""

    def __init__(self) -> None:
        self.at = 100.0
        self.rests: list[float] = []

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.rests.append(round(seconds, 3))
        self.at += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def turns(time: Time) -> Turns:
    return Turns(time.now, time.sleep)


async def work(turns: Turns, time: Time, seconds: float) -> None:
    async with turns.turn():
        time.at += seconds


async def test_one_rests_after_another_while_people_are_served(turns: Turns, time: Time) -> None:
    turns.served()
    await work(turns, time, 0.1)
    assert time.rests == []
    turns.served()
    await work(turns, time, 0.2)
    await work(turns, time, 0.2)
    assert time.rests == [round(0.1 * REST, 3), round(0.2 * REST, 3)]


async def test_time_that_passed_by_itself_is_rest_too(turns: Turns, time: Time) -> None:
    await work(turns, time, 0.1)
    time.at += 0.1 * REST - 0.05
    turns.served()
    await work(turns, time, 0.1)
    time.at += 0.1 * REST
    turns.served()
    await work(turns, time, 0.1)
    assert time.rests == [0.05]


async def test_nobody_rests_where_nobody_is_served(turns: Turns, time: Time) -> None:
    turns.served()
    await work(turns, time, AT_WORK_S)
    await work(turns, time, 0.1)
    assert time.rests == []


async def test_a_crowd_gets_through(turns: Turns, time: Time) -> None:
    order = []

    async def one(number: int) -> None:
        async with turns.turn():
            order.append((number, time.at))
            turns.served()
            time.at += 0.5
            await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(6)))
    assert [number for number, _ in order] == list(range(6))
    # All but the first came at 100.5. Two rests, and the patience of the others is at its end.
    assert time.rests == [0.5 * REST] * 2
    assert order[3][1] == 100.5 + PATIENCE_S


async def test_it_breathes_within_its_turn_while_others_are_served(turns: Turns, time: Time) -> None:
    assert turn_held() is None
    async with turns.turn():
        assert turn_held() is turns
        await turns.breathe()
        assert time.rests == []
        turns.served()
        await turns.breathe()
        assert time.rests == [BREATH_S]
    assert turn_held() is None


async def test_work_that_fails_gives_its_turn_on(turns: Turns, time: Time) -> None:
    with pytest.raises(KeyError):
        async with turns.turn():
            raise KeyError
    await work(turns, time, 0.1)
