import asyncio
import random
from datetime import UTC, datetime
from uuid import UUID

from core.kernel import events
from core.kernel.ids import uuid7
from core.tenancy.db import Databases
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import ANN, NoteAdded, NoteUpdated, Scene

WRITERS = 16
EACH = 12


async def feed(databases: Databases, tenant: Tenant, after: int = 0, limit: int = 7) -> list[events.Stored]:
    async with databases.tenant(tenant, readonly=True) as unit:
        return await events.changes(unit.session, after, limit)


async def test_the_feed_misses_nothing_when_commits_come_out_of_order(scene: Scene, tenant: Tenant) -> None:
    rng = random.Random(7)
    written: list[UUID] = []
    seen: list[events.Stored] = []
    writing = True

    async def writer() -> None:
        for _ in range(EACH):
            async with scene.databases.tenant(tenant) as unit:
                ids = await events.write(
                    unit.session,
                    tenant=tenant,
                    actor=ANN,
                    events=[NoteAdded(subject_id=uuid7())],
                    now=datetime.now(UTC),
                )
                await asyncio.sleep(rng.uniform(0, 0.05))
                await unit.commit()
            written.extend(ids)

    async def relay(own: Scene) -> None:
        while writing or await own.relay.relay():
            await own.relay.relay()
            await asyncio.sleep(0.002)

    async def read_all() -> None:
        while page := await feed(scene.databases, tenant, seen[-1].position or 0 if seen else 0):
            seen.extend(page)

    async def reader() -> None:
        while writing:
            await read_all()
            await asyncio.sleep(0.002)

    helpers = [
        asyncio.create_task(task) for task in (relay(scene), relay(Scene(scene.databases, ())), reader())
    ]
    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    writing = False
    await asyncio.gather(*helpers)
    await read_all()
    assert [item.position for item in seen] == list(range(1, WRITERS * EACH + 1))
    assert {item.id for item in seen} == set(written)
    in_id_order = sorted(item.id for item in seen)
    assert [item.id for item in seen] != in_id_order, "the writers never overlapped: the test shows nothing"


async def test_positions_are_of_a_tenant_alone(scene: Scene, tenant: Tenant, other_tenant: Tenant) -> None:
    await scene.emit(tenant, NoteAdded(subject_id=uuid7()), NoteAdded(subject_id=uuid7()))
    [theirs] = await scene.emit(other_tenant, NoteAdded(subject_id=uuid7()))
    await scene.relay.relay()
    assert [item.position for item in await feed(scene.databases, tenant)] == [1, 2]
    assert [item.id for item in await feed(scene.databases, other_tenant)] == [theirs]


async def test_a_feed_can_be_narrowed_to_record_types(scene: Scene, tenant: Tenant) -> None:
    await scene.emit(tenant, NoteAdded(subject_id=uuid7()))
    await scene.relay.relay()
    async with scene.databases.tenant(tenant, readonly=True) as unit:
        assert await events.head(unit.session) == 1
        assert await events.changes(unit.session, record_types=["deal"]) == []
        assert len(await events.changes(unit.session, record_types=["note"])) == 1


async def test_a_timeline_shows_linked_events_newest_first(scene: Scene, tenant: Tenant) -> None:
    customer = uuid7()
    for number in range(5):
        await scene.emit(
            tenant, NoteAdded(subject_id=uuid7(), text=str(number), links=(("customer", customer),))
        )
    await scene.emit(tenant, NoteAdded(subject_id=uuid7(), text="elsewhere"))
    async with scene.databases.tenant(tenant, readonly=True) as unit:
        first = await events.timeline(unit.session, "customer", customer, limit=3)
        end = events.Moment(first[-1].occurred_at, first[-1].id)
        rest = await events.timeline(unit.session, "customer", customer, before=end, limit=3)
        assert await events.timeline(unit.session, "customer", customer, names=["note.updated"]) == []
    assert [item.data["text"] for item in (*first, *rest)] == ["4", "3", "2", "1", "0"]


async def test_the_history_of_a_field(scene: Scene, tenant: Tenant) -> None:
    note = uuid7()
    await scene.emit(tenant, NoteUpdated(subject_id=note, changes={"title": ("a", "b")}))
    await scene.emit(tenant, NoteUpdated(subject_id=note, changes={"size": (1, 2)}))
    async with scene.databases.tenant(tenant, readonly=True) as unit:
        [change] = await events.history(unit.session, "note", note, "title")
    assert change.changes == {"title": ["a", "b"]}
