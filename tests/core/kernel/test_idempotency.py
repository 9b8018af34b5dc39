from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.kernel.errors import BadRequest, Conflict, Invalid
from core.kernel.idempotency import Pending, Replay, Stored, begin, canonical, store
from core.kernel.jobs.tidy import tidy
from core.tenancy.db import Databases, TenantSession
from core.tenancy.directory import Tenant
from tests.fixtures.restore import Restore

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Reply:
    def __init__(self, status_code: int = 201, body: bytes = b'{"id":1}') -> None:
        self.status_code = status_code
        self.body = body

    def encode_headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"Content-Type", b"application/json"), (b"ETag", b'"1"'), (b"Set-Cookie", b"session=secret")]


async def ask(
    session: TenantSession,
    key: str = "k1",
    *,
    principal: str = "ann",
    payload: bytes = b"{}",
    now: datetime = NOW,
) -> Pending:
    return await begin(session, key=key, principal=principal, route="POST /x", payload=payload, now=now)


@pytest.fixture
async def answered(databases: Databases, tenant: Tenant, committing: Restore) -> None:
    async with databases.tenant(tenant) as unit:
        await store(unit.session, await ask(unit.session), Reply())
        await unit.commit()


@pytest.mark.usefixtures("answered")
async def test_gives_the_first_answer_again(session: TenantSession):
    with pytest.raises(Replay) as caught:
        await ask(session)
    headers = {"content-type": "application/json", "etag": '"1"'}
    assert caught.value.answer == Stored(201, headers, b'{"id":1}')


@pytest.mark.usefixtures("answered")
async def test_refuses_other_content_under_the_same_key(session: TenantSession):
    with pytest.raises(Invalid) as caught:
        await ask(session, payload=b'{"a":1}')
    assert caught.value.errors[0].code == "idempotency.payload"


@pytest.mark.usefixtures("answered")
async def test_other_callers_keys_and_tenants_are_apart(
    session: TenantSession, databases: Databases, other_tenant: Tenant
):
    await ask(session, principal="bo", payload=b"other")
    await ask(session, "k2", payload=b"other")
    await begin(session, key="k1", principal="ann", route="PUT /x", payload=b"other", now=NOW)
    async with databases.tenant(other_tenant) as unit:
        await ask(unit.session, payload=b"other")


@pytest.mark.usefixtures("answered")
async def test_forgets_after_a_day(databases: Databases, tenant: Tenant):
    later = NOW + timedelta(hours=24)
    with pytest.raises(Replay):
        async with databases.tenant(tenant) as unit:
            await ask(unit.session, now=later - timedelta(seconds=1))
    async with databases.tenant(tenant) as unit:
        pending = await ask(unit.session, payload=b"new", now=later)
        await store(unit.session, pending, Reply(200, b"new"))
        await unit.commit()
    async with databases.tenant(tenant) as unit:
        with pytest.raises(Replay) as caught:
            await ask(unit.session, payload=b"new", now=later)
        assert caught.value.answer.body == b"new"


@pytest.mark.usefixtures("answered")
async def test_old_answers_are_tidied_away(databases: Databases, tenant: Tenant):
    key_hash = b"today"
    async with databases.tenant(tenant) as unit:
        await store(unit.session, Pending(key_hash, "ann", "-", b"", datetime.now(UTC)), Reply())
        await unit.commit()
    async with databases.cell(tenant.cell) as cell:
        lane = "INSERT INTO cell.lane (tenant_role) VALUES (:role) ON CONFLICT DO NOTHING"
        await cell.session.execute(text(lane), {"role": tenant.schema})
        await cell.commit()
    assert await tidy(lambda: databases.cell(tenant.cell)) >= 1
    async with databases.tenant(tenant) as unit:
        kept = (await unit.session.scalars(text("SELECT key_hash FROM idempotency"))).all()
    assert kept == [key_hash]


async def test_a_running_request_is_a_conflict(databases: Databases, tenant: Tenant, other_tenant: Tenant):
    async with databases.tenant(tenant) as first:
        await ask(first.session)
        async with databases.tenant(tenant) as second:
            with pytest.raises(Conflict) as caught:
                await ask(second.session)
            assert caught.value.code == "idempotency.running"
            assert caught.value.headers["Retry-After"] == "1"
            await ask(second.session, "k2")
        async with databases.tenant(other_tenant) as unit:
            await ask(unit.session)
    async with databases.tenant(tenant) as third:
        await ask(third.session)


@pytest.mark.parametrize("status", [200, 201, 204, 303])
async def test_success_is_kept(session: TenantSession, status: int):
    await store(session, await ask(session), Reply(status))
    with pytest.raises(Replay):
        await ask(session)


@pytest.mark.parametrize("status", [302, 400, 404, 409, 422, 500, 503])
async def test_failure_is_not_kept(session: TenantSession, status: int):
    await store(session, await ask(session), Reply(status))
    await ask(session, payload=b"mended")


async def test_an_undone_effect_leaves_no_answer(databases: Databases, tenant: Tenant):
    async with databases.tenant(tenant) as unit:
        await store(unit.session, await ask(unit.session), Reply())
    async with databases.tenant(tenant) as unit:
        await ask(unit.session)


async def test_an_answer_that_appears_meanwhile_undoes_the_second(session: TenantSession):
    pending = await ask(session)
    await store(session, pending, Reply())
    with pytest.raises(Conflict):
        await store(session, pending, Reply())


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "é", "x" * 256])
async def test_refuses_strange_keys(session: TenantSession, key: str):
    with pytest.raises(BadRequest) as caught:
        await ask(session, key)
    assert caught.value.code == "idempotency.key"


async def test_one_effect_from_many_at_once(databases: Databases, tenant: Tenant, committing: Restore):
    async with databases.tenant(tenant) as unit:
        effects = "SELECT count(*) FROM idempotency WHERE principal = 'effect'"
        before = (await unit.session.execute(text(effects))).scalar_one()

    async def attempt(n: int) -> str:
        try:
            async with databases.tenant(tenant) as unit:
                pending = await ask(unit.session, "race")
                # Stands for the effect: a row of its own per attempt.
                own = Pending(n.to_bytes(32), "effect", "-", b"", NOW)
                await store(unit.session, own, Reply())
                await store(unit.session, pending, Reply(body=str(n).encode()))
                await unit.commit()
        except Conflict:
            return "running"
        except Replay as replay:
            return replay.answer.body.decode()
        return str(n)

    outcomes: set[str] = set()
    for start in range(0, 40, 4):
        outcomes |= set(await asyncio.gather(*(attempt(start + n) for n in range(4))))
    assert len(outcomes - {"running"}) == 1
    async with databases.tenant(tenant) as unit:
        assert (await unit.session.execute(text(effects))).scalar_one() == before + 1


def test_two_sendings_of_one_form_are_equal():
    body = b'--%s\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--%s--\r\n'
    kind = "multipart/form-data; boundary={}"
    first = canonical(body.replace(b"%s", b"AAA"), kind.format("AAA"))
    assert first == canonical(body.replace(b"%s", b"B-B"), kind.format('"B-B"'))
    assert canonical(b"{}", "application/json") == b"{}"
