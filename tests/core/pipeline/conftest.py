"""A workspace with its first pipeline, and people who sell in it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.pipeline import queries
from core.pipeline.models import CloseReason, Stage
from core.pipeline.service_seed import seed
from core.tenancy.ctx import Ctx
from tests.fixtures.people import Person


@pytest.fixture
async def ctx(ctx: Ctx) -> Ctx:
    """Ann's transaction in a workspace with a pipeline."""
    await seed(ctx)
    return ctx


@pytest.fixture
async def ann(enter: Callable[[str], Awaitable[Person]]) -> Person:
    """The owner, whose workspace has a pipeline."""
    person = await enter("ann")
    async with person.acting() as ctx:
        await seed(ctx)
    return person


@pytest.fixture
async def stages(ctx: Ctx) -> list[Stage]:
    """The stages of the first pipeline."""
    return await queries.stages(ctx)


@pytest.fixture
async def lost(ctx: Ctx) -> CloseReason:
    """A reason for losing."""
    found = await ctx.session.scalar(select(CloseReason).where(CloseReason.outcome == "lost").limit(1))
    assert found is not None
    return found


async def listed(person: Person, path: str) -> list[dict[str, Any]]:
    """The rows of a list of the API."""
    answer = await person.api.get(path)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


async def sent(person: Person, path: str, status: int = 201, **body: Any) -> dict[str, Any]:
    """Post to the API and give the answer."""
    answer = await person.api.post(path, json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())
