"""The two workspaces of the contract tests, made once per test process and left standing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from litestar import Litestar

from core.runtime import Runtime
from tests.contract.world import World, make


@pytest.fixture(scope="session")
async def world(
    runtime: Runtime, app: Litestar, tenant: object, other_tenant: object
) -> AsyncIterator[World]:
    """Both workspaces with everything in them that the API can make."""
    async with AsyncExitStack() as stack:
        yield await make(runtime, app, stack)
