import asyncio
from collections.abc import Sequence

import psycopg
import pytest
from psycopg import sql

from core.ext.specs import Subscription
from core.kernel import events
from core.kernel.events import Stored
from core.kernel.ids import uuid7
from core.kernel.outbox import Relay
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
    rows,
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
