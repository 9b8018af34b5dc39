from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core.kernel.cache import Cache
from tests.fakes.valkey import ValkeyProcess


@pytest.fixture
def valkey() -> Iterator[ValkeyProcess]:
    # A unix socket's path holds about 100 bytes: pytest's own folders are too deep.
    with tempfile.TemporaryDirectory(prefix="gx") as folder:
        server = ValkeyProcess(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
async def cache(valkey: ValkeyProcess) -> AsyncIterator[Cache]:
    # A loaded machine must not turn exactness into a time-out.
    cache = Cache(valkey.url, timeout_s=5)
    yield cache
    await cache.close()
