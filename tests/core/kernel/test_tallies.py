"""What is noted in memory: added up, written once, and kept where it cannot be written."""

import asyncio
from collections.abc import Mapping

import pytest

from core.kernel.tallies import Tally


class Sums(Tally[str, int]):
    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, int] = {}
        self.is_away = False
        self.tried = asyncio.Event()

    def added(self, one: int, other: int) -> int:
        return one + other

    async def write(self, noted: Mapping[str, int]) -> None:
        self.tried.set()
        if self.is_away:
            # Something is noted meanwhile.
            self.add("a", 10)
            raise ConnectionError
        for key, value in noted.items():
            self.written[key] = self.written.get(key, 0) + value


async def test_it_is_added_up_and_written_once() -> None:
    sums = Sums()
    for key, value in (("a", 1), ("b", 2), ("a", 3)):
        sums.add(key, value)
    await sums.flush()
    assert sums.written == {"a": 4, "b": 2}
    await sums.close()
    assert sums.written == {"a": 4, "b": 2}


async def test_what_cannot_be_written_stays_with_what_came_meanwhile() -> None:
    sums = Sums()
    sums.add("a", 1)
    sums.add("b", 2)
    sums.is_away = True
    with pytest.raises(ConnectionError):
        await sums.flush()
    assert sums.written == {}
    sums.is_away = False
    await sums.close()
    assert sums.written == {"a": 11, "b": 2}


async def test_it_is_written_after_a_while_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.kernel.tallies.PAUSE_S", 0.01)
    sums = Sums()
    sums.is_away = True
    sums.add("b", 1)
    task = sums._task
    assert task is not None
    await sums.tried.wait()
    sums.is_away = False
    await task
    assert sums.written["b"] == 1
