"""The addresses of the database and the cache: those of the settings, or of embedded servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from core.embedded import postgres, valkey
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers are."""

    database: str
    redis: str


@asynccontextmanager
async def servers(settings: Settings, *, fast: bool = False) -> AsyncIterator[Urls]:
    """Yield the addresses to use; embedded servers run at least as long as the block."""
    async with AsyncExitStack() as stack:
        database, redis = settings.database_url, settings.redis_url
        if redis is None:
            cache = await asyncio.to_thread(valkey.start, settings.home, fast=fast)
            stack.push_async_callback(asyncio.to_thread, cache.stop)
            redis = cache.url
        if database is None:
            server = await asyncio.to_thread(postgres.start, settings.home, fast=fast)
            stack.push_async_callback(asyncio.to_thread, server.stop)
            database = server.dsn
        else:
            await asyncio.to_thread(postgres.check, database)
        yield Urls(database=database, redis=redis)
