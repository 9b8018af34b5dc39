"""The addresses of the database and the cache: those of the settings, or of embedded servers."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from core.embedded import postgres, valkey
from core.embedded.sharing import Server
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers are."""

    database: str
    redis: str


@contextmanager
def running(settings: Settings, *, fast: bool = False) -> Iterator[Urls]:
    """Give the addresses to use; embedded servers run at least as long as the block."""
    started: list[Server] = []
    with ExitStack() as stack:
        stack.callback(_stop, started)
        database, redis = settings.database_url, settings.redis_url
        if redis is None:
            started.append(valkey.start(settings.home, fast=fast))
            redis = started[-1].url
        if database is None:
            started.append(postgres.start(settings.home, fast=fast))
            database = started[-1].dsn
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


def _stop(started: list[Server]) -> None:
    """Leave all of them at once: whoever asked for the end waits for the slowest alone."""
    threads = [threading.Thread(target=server.stop) for server in started]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
