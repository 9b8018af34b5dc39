"""A request's transactions are over when it is, whatever went wrong, and hold together as well as two can."""

from dataclasses import replace

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from core.access.models import Unit
from core.kernel.errors import Conflict
from core.kernel.idempotency.models import ControlIdempotency
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.admission import admit
from core.web.bodies import ValidatedBodies
from core.web.middleware import RequestFrame
from core.web.problems import handle
from core.web.request import SIGNED_IN
from core.web.routing import post
from core.web.transactions import DEPENDENCIES
from tests.fixtures.people import BASE


def write(ctx: Ctx, control: Control) -> None:
    ctx.session.add(Unit(name="written", path="/"))
    row = ControlIdempotency(
        key_hash=b"written",
        principal="p",
        route="POST /x",
        payload_digest=b"",
        status=200,
        headers={},
        body=b"",
        created_at=control.now(),
    )
    control.session.add(row)


@post("/api/v1/both", permission=SIGNED_IN)
async def both(ctx: Ctx, control: Control) -> None:
    write(ctx, control)


@post("/api/v1/refused", permission="billing.manage")
async def refused(ctx: Ctx, control: Control) -> None:
    write(ctx, control)


@post("/api/v1/broken", permission=SIGNED_IN)
async def broken(ctx: Ctx, control: Control) -> None:
    write(ctx, control)
    await ctx.session.flush()
    await control.session.flush()
    raise Conflict


@post("/api/v1/late", permission=SIGNED_IN)
async def late(ctx: Ctx, control: Control) -> None:
    """What is wrong with the workspace's part comes to light when the transaction is about to end."""
    write(ctx, control)
    ctx.session.add(Unit(name=None, path="/"))  # type: ignore[arg-type]


@post("/api/v1/open", public=True)
async def for_everybody(ctx: Ctx) -> None:
    """A route that lets anybody in and yet asks for a workspace."""


def application(runtime):
    app = Litestar(
        [both, refused, broken, late, for_everybody],
        dependencies=DEPENDENCIES,
        guards=[admit],
        exception_handlers={Exception: handle},
        plugins=[ValidatedBodies()],
        middleware=[RequestFrame],
    )
    app.state.runtime = runtime
    return app


@pytest.fixture
async def ask(runtime, bo):
    app = application(runtime)
    headers = {"Authorization": f"Bearer {bo.key}"}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:

        async def _ask(path):
            before = [budget.in_use for budget in runtime.databases.budgets]
            answer = await client.post(f"/api/v1/{path}")
            assert [budget.in_use for budget in runtime.databases.budgets] == before
            return answer.status_code

        yield _ask


async def written(person):
    async with person.ctx() as ctx, person.runtime.control() as control:
        return (
            await ctx.session.scalar(select(Unit.name).where(Unit.name == "written")) is not None,
            await control.session.get(ControlIdempotency, b"written") is not None,
        )


async def test_both_are_written(ask, bo):
    assert await ask("both") == 200
    assert await written(bo) == (True, True)


@pytest.mark.parametrize(("path", "status"), [("refused", 403), ("broken", 409), ("late", 409)])
async def test_neither_is_written_and_both_are_closed(ask, bo, path, status):
    assert await ask(path) == status
    assert await written(bo) == (False, False)


async def test_what_waits_in_vain_for_one_keeps_no_other(ask, bo, runtime, monkeypatch):
    monkeypatch.setattr(runtime.databases.budgets[1], "wait_s", 0.01)
    monkeypatch.setattr(runtime.databases.budgets[1], "limit", 0)
    assert await ask("both") == 503


async def test_a_workspace_is_nobodys_without_a_login(ask, runtime, fresh):
    transport = httpx.ASGITransport(app=application(runtime))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        assert (await client.post("/api/v1/open")).status_code == 401


async def test_what_comes_too_often_is_refused_and_told_when_to_come_again(runtime, bo):
    strict = replace(runtime, settings=replace(runtime.settings, rate_key_per_minute=1))
    headers = {"Authorization": f"Bearer {bo.key}"}
    transport = httpx.ASGITransport(app=application(strict))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        answers = [await client.post("/api/v1/both") for _ in range(3)]
    assert [answer.status_code for answer in answers].count(429) >= 1
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert await written(bo) == (True, True)
