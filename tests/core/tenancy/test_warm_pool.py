"""The warm pool: a few at a time, gently while enough are left, and never more than there should be."""

import itertools

from core.tenancy.provisioning import TOGETHER, fill_pool, free_schemas
from core.tenancy.settings import DatabaseSettings
from core.tenancy.warm_pool import REST, WarmPool
from tests.fixtures.server import KEYRING


def pool(settings: DatabaseSettings, size: int, rests: list[float]) -> WarmPool:
    """A pool for which everything takes a second."""
    seconds = itertools.count()

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    return WarmPool(
        settings=settings,
        cell="main",
        size=size,
        new_key=KEYRING.new_tenant_key,
        now=lambda: float(next(seconds)),
        sleep=sleep,
    )


def enough(settings: DatabaseSettings) -> int:
    """How many are free, two at least."""
    fill_pool(settings, 2, new_key=KEYRING.new_tenant_key)
    return free_schemas(settings)


async def test_it_is_filled_a_few_at_a_time_with_a_rest_and_no_further(database_settings):
    before, rests = enough(database_settings), list[float]()
    mine = pool(database_settings, before + TOGETHER + 1, rests)
    assert before >= mine.size / 4
    assert await mine.refill()
    assert free_schemas(database_settings) == before + TOGETHER
    assert await mine.refill()
    assert not await mine.refill()
    assert free_schemas(database_settings) == mine.size
    assert rests == [REST] * 2


async def test_it_does_not_rest_while_less_than_a_quarter_is_left(database_settings):
    before, rests = enough(database_settings), list[float]()
    mine = pool(database_settings, 4 * before + 1, rests)
    assert await mine.refill()
    assert free_schemas(database_settings) > before
    assert not rests
