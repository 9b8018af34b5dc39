from core.kernel.jobs.tidy import tidy
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import Count, Scene, job, rows


async def test_old_receipts_and_runs_go_and_young_ones_stay(
    scene: Scene, tenant: Tenant, other_tenant: Tenant
) -> None:
    settings = scene.databases.settings
    for owner in (tenant, other_tenant):
        rows(settings, f'DELETE FROM "{owner.schema}".handled RETURNING 1')
        await scene.enqueue(
            owner, job(params=Count(steps=2), title="x"), job(params=Count(steps=2), title="y")
        )
    await scene.settle()
    old, young = f'"{tenant.schema}"', f'"{other_tenant.schema}"'
    rows(settings, f"UPDATE {old}.handled SET handled_at = handled_at - interval '61 days' RETURNING 1")
    rows(settings, f"UPDATE {old}.job_run SET finished_at = finished_at - interval '46 days' RETURNING 1")
    assert await tidy(scene.open_cell) == 2
    assert await tidy(scene.open_cell) == 0
    query = "SELECT (SELECT count(*) FROM {0}.handled), (SELECT count(*) FROM {0}.job_run)"
    assert rows(settings, query.format(old)) == [(0, 0)]
    assert rows(settings, query.format(young)) == [(4, 2)]


async def test_lanes_of_removed_tenants_go(scene: Scene, tenant: Tenant) -> None:
    settings = scene.databases.settings
    rows(settings, "INSERT INTO cell.lane (tenant_role) VALUES ('t_removed') RETURNING 1")
    await tidy(scene.open_cell)
    assert rows(settings, "SELECT * FROM cell.lane WHERE tenant_role = 't_removed'") == []
