from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.records import actions
from core.runtime import Runtime
from core.worker import worker
from tests.core.records.test_api import made
from tests.fixtures.people import Person

Crew = Callable[..., Awaitable[Person]]


@pytest.fixture
def work_off(harbour_runtime: Runtime) -> Callable[[], Awaitable[None]]:
    """Run the toys' jobs until none is left."""

    async def work() -> None:
        for cell in worker(harbour_runtime).cells:
            while await cell.relay_once() or await cell.work_once():
                pass

    return work


async def run_of(person: Person, path: str) -> dict[str, Any]:
    async with person.ctx() as ctx:
        row = await ctx.session.connection()
        found = (
            await row.exec_driver_sql(f"SELECT state, done, failed, total FROM job_run WHERE id = '{path}'")
        ).one()
    return dict(found._mapping)


async def test_all_that_was_found_is_changed_in_steps_with_the_rights_of_who_asked(
    crew: Crew, work_off: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "FEW", 4)
    ann, bo = await crew("ann"), await crew("bo")
    for n in range(11):
        await made(ann, name=f"b{n}", owner_id=str(bo.member_id) if n < 9 else None)
    await made(bo, name="other")
    answer = await bo.post("/boats/bulk/tag?f=name:starts:b", {"all": "1", "tag": "blue"})
    assert answer.status_code == 303, answer.text[:1000]
    job = answer.headers["location"].rpartition("/")[2]
    await work_off()
    assert await run_of(ann, job) == {"state": "done", "done": 9, "failed": 0, "total": 9}
    tagged = (await ann.api.get("/boats?tags=blue&limit=100")).json()["data"]
    assert sorted(row["name"] for row in tagged) == [f"b{n}" for n in range(9)]


async def test_records_that_refuse_are_counted_and_left(
    crew: Crew, work_off: Callable[[], Awaitable[None]]
) -> None:
    ann = await crew("ann")
    await made(ann, name="Ada")
    await made(ann, name="Bea")
    answer = await ann.post("/boats/bulk/tag", {"all": "1", "tag": "forbidden"})
    job = answer.headers["location"].rpartition("/")[2]
    await work_off()
    assert (await run_of(ann, job))["failed"] == 2
    assert {tuple(row["tags"]) for row in (await ann.api.get("/boats")).json()["data"]} == {()}
