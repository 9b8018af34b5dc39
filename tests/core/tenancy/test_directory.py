"""The directory is read once per second and process, and a change is seen everywhere within one."""

import asyncio
from uuid import uuid4

from sqlalchemy import update

from core.tenancy.directory import FRESH_S, Directory, TenantPlugin, TenantRow


async def test_a_tenant_is_found_by_slug_and_by_id(directory, tenant):
    found = await directory.by_slug(tenant.slug)
    assert found == await directory.by_id(tenant.id)
    assert (found.schema, found.key) == (tenant.schema, tenant.key)


async def test_unknown_and_free_tenants_are_not_found(directory, databases):
    assert await directory.by_slug("nobody") is None
    assert await directory.by_slug("") is None
    assert await directory.by_id(uuid4()) is None


async def test_many_requests_are_one_reading(databases, tenant):
    readings = []

    class Counting:
        def control(self, *, readonly=False):
            readings.append(1)
            return databases.control(readonly=readonly)

    directory = Directory(Counting())
    found = await asyncio.gather(*(directory.by_slug(tenant.slug) for _ in range(50)))
    assert {item.id for item in found} == {tenant.id}
    assert len(readings) == 1


async def test_another_process_sees_a_change_within_a_second(databases, tenant, committing):
    here, there = Directory(databases), Directory(databases)
    before = await there.by_id(tenant.id)
    async with databases.control() as unit:
        await unit.session.execute(update(TenantRow).where(TenantRow.id == tenant.id).values(name="Renamed"))
        unit.session.add(TenantPlugin(tenant_id=tenant.id, plugin="marketing.forms", state="enabled"))
        unit.session.add(TenantPlugin(tenant_id=tenant.id, plugin="marketing.campaigns", state="disabled"))
        await unit.commit()
    await here.bump(tenant.id)
    assert (await here.by_id(tenant.id)).name == "Renamed"
    while (found := await there.by_id(tenant.id)).name != "Renamed":  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert found.revision == before.revision + 1
    assert found.plugins == {"marketing.forms"}
    assert FRESH_S < 1


async def test_a_reading_on_its_way_is_not_remembered_after_a_bump(databases, tenant, committing):
    directory = Directory(databases)
    reading = asyncio.ensure_future(directory.by_id(tenant.id))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await directory.bump(tenant.id)
    await reading
    found = await directory.by_id(tenant.id)
    assert found.revision == tenant.revision + 1


async def test_a_cancelled_request_does_not_cancel_the_reading_of_others(databases, tenant):
    directory = Directory(databases)
    first = asyncio.ensure_future(directory.by_slug(tenant.slug))
    second = asyncio.ensure_future(directory.by_slug(tenant.slug))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).id == tenant.id
