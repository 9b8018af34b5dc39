import asyncio
from collections.abc import Sequence

import psycopg
import pytest
from psycopg import sql

from core.ext.specs import Subscription
from core.kernel import events, jobs
from core.kernel.events import Stored
from core.kernel.ids import uuid7
from core.kernel.jobs import GiveUp
from core.kernel.outbox import TOGETHER, Relay
from core.tenancy.db import Databases
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import (
    ON_NOTE,
    Context,
    NoteAdded,
    NoteUpdated,
    Scene,
    leave,
    left,
    make_effects,
    on_note,
    queued,
    rows,
    until,
)
from tests.fixtures.restore import Restore


@pytest.fixture
async def scene(databases: Databases, tenant: Tenant, other_tenant: Tenant, committing: Restore) -> Scene:
    make_effects(databases.settings, tenant, other_tenant)
    return Scene(databases, (tenant, other_tenant))


def subscription(event: str, plugin: str, **options: bool) -> Subscription:
    return Subscription(event=event, plugin=plugin, name="n", handler=on_note, **options)


async def test_each_enabled_subscriber_gets_a_job_of_its_own(scene: Scene, tenant: Tenant) -> None:
    async def is_on(tenant_id: object, plugin: str) -> bool:
        return plugin != "off"

    wanted = {
        "note.added": [
            ON_NOTE,
            subscription("note.added", "off"),
            subscription("note.added", "in", in_transaction=True),
        ],
        "*": [subscription("*", "all")],
    }
    await scene.emit(tenant, NoteAdded(subject_id=uuid7()), NoteUpdated(subject_id=uuid7()))
    assert await Relay(scene.open_cell, wanted, is_on).relay() == 2
    found = rows(scene.databases.settings, "SELECT name, tenant_role FROM cell.job ORDER BY name")
    assert found == [("all:n", tenant.schema), ("all:n", tenant.schema), ("testing:note", tenant.schema)]


async def test_a_locked_tenant_does_not_keep_others_waiting(
    scene: Scene, tenant: Tenant, other_tenant: Tenant
) -> None:
    await scene.emit(tenant, NoteAdded(subject_id=uuid7()))
    await scene.emit(other_tenant, NoteAdded(subject_id=uuid7()))
    table = sql.Identifier(tenant.schema, "event_position")
    with psycopg.connect(scene.databases.settings.admin_dsn()) as admin:
        admin.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table))
        await scene.relay.relay()
        await scene.relay.relay()
        query = f'SELECT count(*) FROM "{other_tenant.schema}".event_position'
        assert await asyncio.to_thread(rows, scene.databases.settings, query) == [(1,)]
    assert rows(scene.databases.settings, "SELECT tenant_role FROM cell.outbox") == [(tenant.schema,)]
    scene.relay._held.clear()
    assert await scene.relay.relay() == 1


async def test_events_of_a_removed_schema_are_dropped(scene: Scene, tenant: Tenant) -> None:
    await scene.emit(tenant, NoteAdded(subject_id=uuid7()))
    rows(scene.databases.settings, "UPDATE cell.outbox SET tenant_role = 't_removed' RETURNING 1")
    assert await scene.relay.relay() == 1
    assert rows(scene.databases.settings, "SELECT count(*) FROM cell.job") == [(0,)]


async def test_of_two_relays_one_works(scene: Scene, tenant: Tenant) -> None:
    await scene.emit(tenant, *(NoteAdded(subject_id=uuid7()) for _ in range(40)))
    relays = [Relay(scene.open_cell, scene.subscriptions, scene.relay.is_on, batch=3) for _ in range(3)]
    for _ in range(20):
        await asyncio.gather(*(relay.relay() for relay in relays))
    query = f'SELECT count(*), max(position), count(DISTINCT event_id) FROM "{tenant.schema}".event_position'
    assert rows(scene.databases.settings, query) == [(40, 40, 40)]
    assert rows(scene.databases.settings, "SELECT count(*) FROM cell.job") == [(40,)]


async def test_a_batch_subscriber_gets_the_events_of_tenants_that_listen(
    scene: Scene, tenant: Tenant, other_tenant: Tenant
) -> None:
    taken: list[tuple[str, list[str], list[int | None]]] = []

    async def take(ctx: Context, found: Sequence[Stored]) -> None:
        taken.append((ctx.tenant.slug, [e.data["text"] for e in found], [e.position for e in found]))
        for event in found:
            await leave(ctx, event.id, "taken")

    scene.subscriptions["*"] = [
        Subscription(event="*", plugin="testing", name="all", handler=take, batch=True)
    ]
    scene.runner.machinery = scene.machinery()
    await scene.emit(tenant, NoteAdded(subject_id=uuid7(), text="too early"))
    await scene.relay.relay()
    async with scene.databases.tenant(tenant) as unit:
        await events.listen(unit.session, "testing:all")
        await events.listen(unit.session, "testing:all")
        await unit.commit()
    for text in ("one", "two"):
        await scene.emit(tenant, NoteAdded(subject_id=uuid7(), text=text))
    await scene.emit(other_tenant, NoteAdded(subject_id=uuid7(), text="not for us"))
    scene.subscriptions["note.added"] = []
    await scene.relay.relay()
    assert len(rows(scene.databases.settings, "SELECT 1 FROM cell.job WHERE name = 'testing:all'")) == 1
    await scene.settle()
    assert taken == [(tenant.slug, ["one", "two"], [2, 3])]

    async with scene.databases.tenant(tenant) as unit:
        await events.hold(unit.session, "testing:all")
        await events.unlisten(unit.session, "testing:all")
        await unit.commit()
    await scene.emit(tenant, NoteAdded(subject_id=uuid7(), text="too late"))
    await scene.settle()
    assert len(taken) == 1


async def test_a_batch_that_fails_is_tried_again_and_takes_effect_once(scene: Scene, tenant: Tenant) -> None:
    tries: list[int] = []

    async def take(ctx: Context, found: Sequence[Stored]) -> None:
        for event in found:
            await leave(ctx, event.id, "taken")
        tries.append(len(found))
        if len(tries) < 3:
            raise ValueError("not yet")

    scene.subscriptions["*"] = [
        Subscription(event="*", plugin="testing", name="all", handler=take, batch=True)
    ]
    scene.subscriptions["note.added"] = []
    scene.runner.machinery = scene.machinery()
    async with scene.databases.tenant(tenant) as unit:
        await events.listen(unit.session, "testing:all")
        await unit.commit()
    ids = await scene.emit(tenant, *(NoteAdded(subject_id=uuid7()) for _ in range(3)))
    await scene.settle(lambda: len(tries) >= 3)
    assert tries == [3, 3, 3]
    assert left(scene, tenant) == sorted((str(id_), "taken") for id_ in ids)


def together(scene: Scene, take: object) -> None:
    """Have the scene's only subscriber take the events of one name together."""
    scene.subscriptions["note.added"] = [
        Subscription(event="note.added", plugin="testing", name="all", handler=take, batch=True)  # type: ignore[arg-type]
    ]
    scene.runner.machinery = scene.machinery()


def waiting(scene: Scene) -> list[int]:
    query = "SELECT jsonb_array_length(params -> 'events') FROM cell.job ORDER BY 1"
    return [row[0] for row in rows(scene.databases.settings, query)]


async def test_events_of_one_name_are_taken_together_and_later_ones_join_those_that_wait(
    scene: Scene, tenant: Tenant, other_tenant: Tenant
) -> None:
    taken: list[tuple[str, list[str]]] = []

    async def take(ctx: Context, found: Sequence[NoteAdded]) -> None:
        taken.append((ctx.tenant.slug, [event.text for event in found]))

    together(scene, take)
    await scene.emit(tenant, *(NoteAdded(subject_id=uuid7(), text=str(n)) for n in range(TOGETHER + 3)))
    await scene.emit(other_tenant, NoteAdded(subject_id=uuid7(), text="other"))
    await scene.relay.relay()
    assert waiting(scene) == [1, 3, TOGETHER]
    for number in range(2):
        await scene.emit(tenant, NoteAdded(subject_id=uuid7(), text=f"later {number}"))
        await scene.relay.relay()
    assert waiting(scene) == [1, 5, TOGETHER]
    await scene.emit(tenant, *(NoteAdded(subject_id=uuid7(), text="many") for _ in range(TOGETHER)))
    await scene.relay.relay()
    assert waiting(scene) == [1, 5, TOGETHER, TOGETHER]
    await scene.settle()
    assert sorted(len(texts) for _, texts in taken) == [1, 5, TOGETHER, TOGETHER]
    assert (tenant.slug, ["50", "51", "52", "later 0", "later 1"]) in taken


async def test_nothing_joins_a_job_that_was_begun(scene: Scene, tenant: Tenant) -> None:
    counts: list[int] = []

    async def take(ctx: Context, found: Sequence[NoteAdded]) -> None:
        counts.append(len(found))
        await leave(ctx, found[0].subject_id, "taken")
        if len(counts) == 1:
            raise ValueError("not yet")

    together(scene, take)
    await scene.emit(tenant, NoteAdded(subject_id=uuid7()))
    await scene.relay.relay()
    await scene.runner.claim()
    await until(lambda: counts == [1])
    await scene.emit(tenant, NoteAdded(subject_id=uuid7()))
    await scene.relay.relay()
    assert waiting(scene) == [1, 1]
    await scene.settle(lambda: len(counts) == 3)
    assert len(left(scene, tenant)) == 2


async def test_one_event_that_fails_spoils_no_other(scene: Scene, tenant: Tenant) -> None:
    counts: list[int] = []

    async def take(ctx: Context, found: Sequence[NoteAdded]) -> None:
        counts.append(len(found))
        for event in found:
            await leave(ctx, event.text, "taken")
        if "bad" in {event.text for event in found}:
            raise GiveUp("never")

    together(scene, take)
    await scene.emit(tenant, *(NoteAdded(subject_id=uuid7(), text=name) for name in ("one", "bad", "two")))
    await scene.relay.relay()
    await scene.settle(lambda: queued(scene) == 0)
    assert left(scene, tenant) == [("one", "taken"), ("two", "taken")]
    assert sorted(counts) == [1, 1, 1, 3]
    async with scene.databases.tenant(tenant) as unit:
        (letter,) = await jobs.dead_letters(unit.session)
        await jobs.replay(unit.session, tenant, letter.id)
        await unit.commit()
    await scene.settle(lambda: queued(scene) == 0)
    assert left(scene, tenant) == [("one", "taken"), ("two", "taken")]
    assert set(counts[4:]) == {1}, "what took effect is not handled again"


async def test_after_a_worker_died_events_are_taken_one_by_one(scene: Scene, tenant: Tenant) -> None:
    counts: list[int] = []

    async def take(ctx: Context, found: Sequence[NoteAdded]) -> None:
        counts.append(len(found))
        await leave(ctx, found[0].text, "taken")

    together(scene, take)
    await scene.emit(tenant, *(NoteAdded(subject_id=uuid7(), text=name) for name in ("one", "two")))
    await scene.relay.relay()
    rows(scene.databases.settings, "UPDATE cell.job SET crashes = 1, claims = 1 RETURNING 1")
    await scene.settle(lambda: queued(scene) == 0)
    assert counts == [1, 1]
    assert left(scene, tenant) == [("one", "taken"), ("two", "taken")]
