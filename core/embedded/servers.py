"""The addresses of the database and the cache: those of the settings, or of embedded servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from core.embedded import postgres, valkey
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers are."""

    database: str
    redis: str


@contextmanager
def running(settings: Settings, *, fast: bool = False) -> Iterator[Urls]:
    """Give the addresses to use; embedded servers run at least as long as the block."""
    with ExitStack() as stack:
        database, redis = settings.database_url, settings.redis_url
        if redis is None:
            cache = valkey.start(settings.home, fast=fast)
            stack.callback(cache.stop)
            redis = cache.url
        if database is None:
            server = postgres.start(settings.home, fast=fast)
            stack.callback(server.stop)
            database = server.dsn
        else:
            postgres.check(database)
        yield Urls(database=database, redis=redis)


@asynccontextmanager
async def servers(settings: Settings, *, fast: bool = False) -> AsyncIterator[Urls]:
    """Do what `running` does without holding up the event loop."""
    stack = ExitStack()
    urls = await asyncio.to_thread(lambda: stack.enter_context(running(settings, fast=fast)))
    try:
        yield urls
    finally:
        await asyncio.to_thread(stack.close)
