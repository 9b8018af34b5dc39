"""What keys are used for: written after the answer, paged, bounded, forgotten after 30 days."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.kernel.ids import uuid7
from tenants.api_keys import jobs, request_log
from tenants.api_keys.models import ApiKey, KeyRequest
from tenants.api_keys.service import digest


@pytest.fixture
def log(runtime):
    """The log of the process, with nothing waiting."""
    found = request_log.request_log(runtime)
    found._waiting.clear()
    return found


async def key_of(person):
    async with person.runtime.control() as control:
        return await control.session.scalar(select(ApiKey.id).where(ApiKey.key_hash == digest(person.key)))


async def counted(person, key_id):
    async with person.runtime.control() as control:
        return await control.session.scalar(
            select(func.count()).select_from(KeyRequest).where(KeyRequest.key_id == key_id)
        )


def row(person, key_id, **changes):
    return {
        "tenant_id": person.tenant.id,
        "key_id": key_id,
        "at": person.runtime.clock.now(),
        "method": "GET",
        "route": "/x",
        "status": 200,
        "ms": 1,
        "request_id": "r",
        "address": "",
        **changes,
    }


async def test_a_request_is_noted_after_its_answer(ann, log):
    key_id = await key_of(ann)
    before = await counted(ann, key_id)
    answer = await ann.api.get(f"/customers/{uuid7()}")
    assert await counted(ann, key_id) == before
    await log.flush()
    found = (await ann.api.get(f"/api_keys/{key_id}/requests")).json()["data"][0]
    assert found["route"].startswith("/api/v1/customers/{")
    assert (found["method"], found["status"]) == ("GET", 404)
    assert found["request_id"] == answer.headers["x-request-id"]
    assert found["route"] in (await ann.page.get(ann.w(f"/settings/keys/{key_id}"))).text


async def test_it_is_paged_by_its_ids(ann, log):
    key_id = await key_of(ann)
    for number in range(60):
        log.note(row(ann, key_id, route=f"/{number}"))
    await log.flush()
    first = (await ann.api.get(f"/api_keys/{key_id}/requests?limit=50")).json()
    second = (
        await ann.api.get(f"/api_keys/{key_id}/requests", params={"after": first["next"], "limit": 50})
    ).json()
    routes = [one["route"] for one in (*first["data"], *second["data"])]
    assert routes == [f"/{number}" for number in reversed(range(60))]
    page = await ann.page.get(ann.w(f"/settings/keys/{key_id}"), params={"before": first["next"]})
    assert "<code>GET /9</code>" in page.text


async def test_nobody_waits_for_it_and_it_is_bounded(ann, log, monkeypatch):
    monkeypatch.setattr(request_log, "WAITING", 3)
    key_id = uuid7()
    for _ in range(5):
        log.note(row(ann, key_id))
    assert log.dropped == 2
    await log.flush()
    assert log.dropped == 0
    assert await counted(ann, key_id) == 3


async def test_what_could_not_be_written_waits(ann, log, monkeypatch):
    key_id = uuid7()
    log.note(row(ann, key_id))
    monkeypatch.setattr(request_log, "PAUSE_S", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(type(ann.runtime), "control", lambda *_: (_ for _ in ()).throw(OSError("away")))
        with pytest.raises(OSError, match="away"):
            await log.flush()
    await log.close()
    assert await counted(ann, key_id) == 1


async def test_a_test_process_writes_by_itself(ann, log, monkeypatch):
    monkeypatch.setattr(request_log, "PAUSE_S", 0.0)
    if log._task is not None:
        log._task.cancel()
        log._task = None
    key_id = uuid7()
    log.note(row(ann, key_id))
    await log._task
    assert await counted(ann, key_id) == 1


async def test_a_process_that_cannot_write_tries_again(ann, log, monkeypatch):
    monkeypatch.setattr(request_log, "PAUSE_S", 0.0)
    if log._task is not None:
        log._task.cancel()
        log._task = None
    tries, flush = [], type(log).flush

    async def sometimes(self):
        tries.append(len(self._waiting))
        if len(tries) == 1:
            raise OSError("away")
        await flush(self)

    monkeypatch.setattr(type(log), "flush", sometimes)
    key_id = uuid7()
    log.note(row(ann, key_id))
    await log._task
    assert tries == [1, 1]
    assert await counted(ann, key_id) == 1


async def test_what_is_old_or_too_much_goes(ann, log, monkeypatch):
    key_id, now = await key_of(ann), ann.runtime.clock.now()
    log.note(row(ann, key_id, at=now - timedelta(days=31), route="/old"))
    for number in range(5):
        log.note(row(ann, key_id, route=f"/{number}"))
    await log.flush()
    monkeypatch.setattr(request_log, "PER_KEY", 3)
    await request_log.trim(ann.runtime, now)
    async with ann.runtime.control() as control:
        of_key = select(KeyRequest.route).where(KeyRequest.key_id == key_id)
        kept = (await control.session.scalars(of_key.order_by(KeyRequest.id))).all()
    assert kept == ["/2", "/3", "/4"]
    await request_log.trim(ann.runtime, now)
    assert await counted(ann, key_id) == 3


async def test_the_calendar_removes_what_is_old(ann, log):
    key_id = await key_of(ann)
    log.note(row(ann, key_id, at=ann.runtime.clock.now() - timedelta(days=31)))
    await log.flush()
    await jobs.trim_requests(ann.runtime, jobs.Nothing())
    assert await counted(ann, key_id) == 0


async def test_it_can_be_closed_before_anything_was_noted(ann):
    await request_log.RequestLog(ann.runtime).close()
