from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.kernel.errors import Conflict
from core.records.numbers import FRESH_S, MOST, SOON_S, Stock, take
from core.tenancy.ctx import Ctx
from tests.fixtures.people import Person

PLACE = ("t_x", "customer")


@pytest.fixture
def watch() -> list[float]:
    return [100.0]


@pytest.fixture
def stock(watch: list[float]) -> Stock:
    return Stock(clock=lambda: watch[0])


def test_whoever_takes_now_and_then_gets_no_block(stock: Stock, watch: list[float]) -> None:
    for _ in range(3):
        assert stock.more(PLACE) == 0
        watch[0] += SOON_S


def test_blocks_grow_with_the_pace_up_to_a_limit(stock: Stock) -> None:
    assert [stock.more(PLACE) for _ in range(10)] == [0, 1, 2, 4, 8, 16, 32, MOST, MOST, MOST]


def test_numbers_in_stock_are_given_out_once_and_while_they_are_fresh(
    stock: Stock, watch: list[float]
) -> None:
    stock.put(PLACE, ["C1", "C2", "C3"])
    assert stock.draw(PLACE, 2) == ["C1", "C2"]
    assert stock.draw(PLACE, 2) is None
    assert stock.draw(("t_y", "customer"), 1) is None
    watch[0] += FRESH_S + 1
    assert stock.draw(PLACE, 1) is None
    stock.put(PLACE, ["C9"])
    assert stock.draw(PLACE, 1) == ["C9"]


async def some(person: Person, count: int) -> list[str]:
    async with person.acting() as ctx:
        return await take(ctx, "toy", prefix="T", count=count)


async def test_no_number_is_given_twice(ann: Person) -> None:
    found = [number for _ in range(40) for number in await some(ann, 1)]
    found += await some(ann, 5)
    assert len(set(found)) == 45


async def test_what_is_undone_puts_nothing_in_stock(ann: Person) -> None:
    await some(ann, 1)
    async with ann.ctx() as ctx:
        lost = await take(ctx, "toy", prefix="T")
    assert await some(ann, 1) == lost


async def test_a_part_that_fails_alone_puts_nothing_in_stock(ann: Person) -> None:
    await some(ann, 1)
    async with ann.acting() as ctx:
        with pytest.raises(Conflict):
            await failing(ctx)
    stock = ann.runtime.part(Stock, Stock)
    assert stock.draw((ann.tenant.schema, "toy"), 1) is None


async def failing(ctx: Ctx) -> None:
    async with ctx.attempt():
        await take(ctx, "toy", prefix="T")
        raise Conflict


async def test_creations_in_quick_succession_wait_for_no_row(
    ann: Person, statements: Callable[[], list[str]]
) -> None:
    for number in range(7):
        await ann.api.post("/customers", json={"name": f"C{number}"})
    statements()
    answer: Any = await ann.api.post("/customers", json={"name": "C7"})
    assert answer.status_code == 201
    assert not [sql for sql in statements() if "number_series" in sql]
