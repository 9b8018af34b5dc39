"""A process that has a planted module, switched on for Acme without a table of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest

from core.runtime import Runtime
from core.tenancy.ctx import Ctx
from tests.fixtures.people import Cast
from tests.fixtures.planted import Plant


@pytest.fixture
def on_ann(runtime: Runtime, plant: Plant, cast: Cast) -> Callable[..., AbstractAsyncContextManager[Ctx]]:
    """Ann's transaction in a process with one module; ``on_ann(text, is_on=False)`` has it switched off."""

    @asynccontextmanager
    async def _on_ann(text: str, *, is_on: bool = True, key: str = "planted") -> AsyncIterator[Ctx]:
        registry = plant(key, {"plugin.py": text})
        assert not registry.modules[key].error, registry.modules[key].error
        mine = replace(runtime, registry=registry, _parts={})
        principal = cast.people["ann"].principal
        tenant = replace(principal.tenant, plugins=frozenset({key} if is_on else ()))
        async with mine.enter(replace(principal, tenant=tenant)) as ctx:
            yield ctx
            ctx.roll_back()

    return _on_ann
