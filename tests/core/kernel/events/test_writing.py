from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.kernel import events
from core.kernel.events.models import EventBody, EventRow
from core.kernel.ids import uuid7
from core.tenancy.db import Databases, TenantSession
from core.tenancy.directory import Tenant
from tests.contract.statements import counted
from tests.core.kernel.scene import ANN, NoteAdded, NoteUpdated, Scene, rows

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTE = UUID(int=1)


async def write(session: TenantSession, tenant: Tenant, *emitted: events.Event) -> list[UUID]:
    return await events.write(session, tenant=tenant, actor=ANN, events=emitted, now=NOW, request_id="r1")


async def test_an_event_is_read_back_as_it_was_written(session: TenantSession, tenant: Tenant) -> None:
    customer = uuid7()
    [event_id] = await write(
        session,
        tenant,
        NoteAdded(
            subject_id=NOTE,
            label="拜访",
            text="你好",
            links=(("customer", customer),),
            changes={"n": (1, 2.5)},
        ),
    )
    stored = await events.find(session, event_id)
    assert stored is not None
    assert (stored.name, stored.record_type, stored.record_id) == ("note.added", "note", NOTE)
    assert (stored.label, stored.data, stored.changes) == ("拜访", {"text": "你好"}, {"n": [1, 2.5]})
    assert (stored.actor.name, stored.request_id, stored.occurred_at) == ("Ann", "r1", NOW)
    loaded = NoteAdded.load(stored)
    assert loaded.text == "你好"
    assert loaded.links == (("customer", customer),)
    assert loaded.meta is not None
    assert loaded.meta.id == event_id


async def test_many_events_take_one_statement(session: TenantSession, tenant: Tenant) -> None:
    with counted() as statements:
        await write(session, tenant, *(NoteAdded(subject_id=uuid7()) for _ in range(50)))
    assert len(statements) == 1


async def test_updates_of_one_record_become_one(session: TenantSession, tenant: Tenant) -> None:
    ids = await write(
        session,
        tenant,
        NoteUpdated(subject_id=NOTE, changes={"title": ("a", "b")}, links=(("deal", NOTE),)),
        NoteAdded(subject_id=NOTE),
        NoteUpdated(subject_id=NOTE, changes={"title": ("b", "c"), "size": (1, 2)}),
    )
    assert len(ids) == 2
    stored = await events.find(session, ids[1])
    assert stored is not None
    assert stored.changes == {"title": ["a", "c"], "size": [1, 2]}
    assert stored.links == (("deal", NOTE),)


def test_an_update_that_ends_where_it_began_is_no_event() -> None:
    there = NoteUpdated(subject_id=NOTE, changes={"title": ("a", "b")})
    back = NoteUpdated(subject_id=NOTE, changes={"title": ("b", "a")})
    other = NoteUpdated(subject_id=uuid7(), changes={"title": ("a", "b")})
    assert events.coalesce([there, back, other]) == [other]
    assert events.coalesce([NoteUpdated(subject_id=NOTE)]) == [NoteUpdated(subject_id=NOTE)]


@pytest.mark.parametrize("value", [1.0, 1e22, -0.0, 0.1, 10**15, "é", None, [1.0, {"a": 2.0}], 1e-7])
async def test_the_digest_vouches_for_the_values(
    session: TenantSession, tenant: Tenant, value: object
) -> None:
    [event_id] = await write(session, tenant, NoteUpdated(subject_id=NOTE, changes={"x": ("before", value)}))
    stored = await events.find(session, event_id)
    salt = await session.scalar(select(EventBody.salt).where(EventBody.event_id == event_id))
    digest = await session.scalar(select(EventRow.digest).where(EventRow.id == event_id))
    assert stored is not None
    assert salt is not None
    assert digest is not None
    assert events.verify(stored, salt, digest)
    assert not events.verify(stored, bytes(16), digest)


async def test_nothing_is_written_when_the_transaction_is_undone(scene: Scene, tenant: Tenant) -> None:
    async with scene.databases.tenant(tenant) as unit:
        await write(unit.session, tenant, NoteAdded(subject_id=NOTE))
    assert rows(scene.databases.settings, "SELECT * FROM cell.outbox") == []
    assert await scene.relay.relay() == 0


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE event SET name = 'x'",
        "DELETE FROM event",
        "UPDATE event_body SET label = ''",
        "DELETE FROM event_link",
        "INSERT INTO event_position VALUES (1, gen_random_uuid())",
        "UPDATE handled SET step = ''",
        "SELECT * FROM cell.outbox",
        "SELECT * FROM cell.job",
        "DELETE FROM cell.job",
        "UPDATE cell.job SET state = 'done'",
        "INSERT INTO cell.outbox (event_id, tenant_role, tenant_id, event_name)"
        " VALUES (gen_random_uuid(), 't_somebodyelse', gen_random_uuid(), 'x')",
        "INSERT INTO cell.job (id, run_id, tenant_role, tenant_id, kind, name, params, actor)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), 't_somebodyelse', gen_random_uuid(), '', '', '{}', '{}')",
        "SELECT * FROM cell.lane",
        "SELECT * FROM cell.schedule",
    ],
)
async def test_a_tenant_cannot_touch_what_is_written(session: TenantSession, attempt: str) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|row-level security"):
        await session.execute(text(attempt))


async def test_the_outbox_row_carries_the_role(
    scene: Scene, databases: Databases, tenant: Tenant, other_tenant: Tenant
) -> None:
    await scene.emit(tenant, NoteAdded(subject_id=NOTE))
    await scene.emit(other_tenant, NoteAdded(subject_id=NOTE))
    found = rows(databases.settings, "SELECT tenant_role, tenant_id FROM cell.outbox")
    assert set(found) == {(t.schema, t.id) for t in (tenant, other_tenant)}
