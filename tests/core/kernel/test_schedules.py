import asyncio
from uuid import uuid4

import pytest

from core.kernel.schedules import Wanted
from core.tenancy.db import Databases
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import Scene, effects, make_effects, rows
from tests.fixtures.restore import Restore


@pytest.fixture
async def scene(databases: Databases, tenant: Tenant, other_tenant: Tenant, committing: Restore) -> Scene:
    make_effects(databases.settings, tenant, other_tenant)
    return Scene(databases, (tenant, other_tenant))


def every(tenant: Tenant, seconds: int = 60) -> Wanted:
    return Wanted(tenant.schema, tenant.id, "count", seconds)


def change(scene: Scene, statement: str) -> None:
    rows(scene.databases.settings, f"{statement} RETURNING 1")


async def test_a_job_is_queued_when_it_is_due(scene: Scene, tenant: Tenant, other_tenant: Tenant) -> None:
    await scene.schedules.want([every(tenant), every(other_tenant, 3600)])
    change(scene, f"UPDATE cell.schedule SET next_at = now() WHERE tenant_role = '{tenant.schema}'")
    change(scene, "UPDATE cell.schedule SET next_at = now() + interval '1 h' WHERE every_s = 3600")
    assert await scene.schedules.run_due() == 1
    assert await scene.schedules.run_due() == 0
    await scene.settle()
    assert len(effects(scene.databases.settings, tenant)) == 1
    assert effects(scene.databases.settings, other_tenant) == []


async def test_missed_occurrences_are_made_up_by_one_job(scene: Scene, tenant: Tenant) -> None:
    await scene.schedules.want([every(tenant)])
    change(scene, "UPDATE cell.schedule SET next_at = now() - interval '1 day 10 s'")
    await asyncio.gather(*(scene.schedules.run_due() for _ in range(4)))
    assert rows(scene.databases.settings, "SELECT count(*) FROM cell.job") == [(1,)]
    query = "SELECT next_at > now(), next_at <= now() + interval '60 s' FROM cell.schedule"
    assert rows(scene.databases.settings, query) == [(True, True)]


async def test_an_occurrence_that_still_waits_is_not_doubled(scene: Scene, tenant: Tenant) -> None:
    await scene.schedules.want([every(tenant)])
    for _ in range(3):
        change(scene, "UPDATE cell.schedule SET next_at = now()")
        assert await scene.schedules.run_due() == 1
    assert rows(scene.databases.settings, "SELECT count(*) FROM cell.job") == [(1,)]


async def test_schedules_become_exactly_those_wanted(
    scene: Scene, tenant: Tenant, other_tenant: Tenant
) -> None:
    await scene.schedules.reconcile([every(tenant), every(other_tenant)])
    kept = rows(
        scene.databases.settings, f"SELECT next_at FROM cell.schedule WHERE tenant_role = '{tenant.schema}'"
    )
    await scene.schedules.reconcile([every(tenant), Wanted("t_gone", uuid4(), "count", 60)])
    query = "SELECT tenant_role, next_at FROM cell.schedule ORDER BY tenant_role = 't_gone'"
    found = rows(scene.databases.settings, query)
    assert [row[0] for row in found] == [tenant.schema, "t_gone"]
    assert found[0][1:] == kept[0]
    await scene.schedules.reconcile([])
    assert rows(scene.databases.settings, query) == []
