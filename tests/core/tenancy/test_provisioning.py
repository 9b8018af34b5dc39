"""Schemas are made ahead of need, claimed once each, and go with everything that belongs to them."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from core.kernel.errors import Conflict
from core.tenancy.components import component
from core.tenancy.provisioning import begin_delete, cancel_delete, claim, delete_due, drop, fill_pool
from tests.fixtures.server import KEYRING

new_key = KEYRING.new_tenant_key
# The first two schemas of the pool belong to all workers' databases: they are claimed before any is dropped.
pytestmark = pytest.mark.usefixtures("tenant", "other_tenant")


def count_free(settings):
    with psycopg.connect(settings.dsn(settings.control)) as control:
        return control.execute("SELECT count(*) FROM control.tenant WHERE state = 'free'").fetchone()[0]


@pytest.fixture
async def claimed(database_settings):
    """Tenants that a test claims are removed after it."""
    made = []
    yield made
    for tenant in made:
        await asyncio.to_thread(drop, database_settings, tenant)


async def test_two_signups_at_once_never_get_one_schema(databases, database_settings, claimed):
    await asyncio.to_thread(fill_pool, database_settings, 3, new_key=new_key)
    free = count_free(database_settings)
    found = await asyncio.gather(
        *(claim(databases, f"race-{number}", "Race", new_key=new_key) for number in range(5))
    )
    claimed.extend(found)
    assert len({tenant.schema for tenant in found}) == 5
    assert len({tenant.key for tenant in found}) == 5
    # Other tests may have left more than three.
    assert count_free(database_settings) == max(free - 5, 0)


async def test_a_claimed_schema_is_ready(databases, claimed):
    tenant = await claim(databases, "ready", "Ready", new_key=new_key, locale="zh_CN", currency="CNY")
    claimed.append(tenant)
    assert (tenant.locale, tenant.currency, tenant.state) == ("zh_CN", "CNY", "active")
    async with databases.tenant(tenant) as unit:
        await unit.session.execute(text("SELECT count(*) FROM handled"))


async def test_a_slug_is_given_once(databases, database_settings, claimed):
    claimed.append(await claim(databases, "unique", "First", new_key=new_key))
    await asyncio.to_thread(fill_pool, database_settings, 1, new_key=new_key)
    before = count_free(database_settings)
    with pytest.raises(Conflict):
        await claim(databases, "unique", "Second", new_key=new_key)
    assert count_free(database_settings) == before


async def test_a_pool_that_is_full_enough_is_left_alone(database_settings):
    await asyncio.to_thread(fill_pool, database_settings, 1, new_key=new_key)
    assert await asyncio.to_thread(fill_pool, database_settings, 1, new_key=new_key) == 0


async def test_deleting_waits_and_can_be_taken_back(databases, directory, claimed):
    tenant = await claim(databases, "leaving", "Leaving", new_key=new_key)
    claimed.append(tenant)
    await begin_delete(databases, tenant)
    directory.forget()
    assert (await directory.by_slug("leaving")).state == "deleting"
    assert tenant.id not in {item.id for item in await delete_due(databases)}
    await cancel_delete(databases, tenant)
    directory.forget()
    assert (await directory.by_slug("leaving")).state == "active"


async def test_deleting_removes_schema_role_rows_and_key(databases, directory, database_settings):
    tenant = await claim(databases, "gone", "Gone", new_key=new_key)
    async with databases.tenant(tenant) as unit:
        await unit.session.execute(
            text(
                "INSERT INTO cell.outbox (event_id, tenant_id, event_name) "
                "VALUES (gen_random_uuid(), :tenant, 'x.y')"
            ),
            {"tenant": tenant.id},
        )
        await unit.commit()
    await begin_delete(databases, tenant, grace=timedelta(seconds=-1))
    assert [item.id for item in await delete_due(databases)] == [tenant.id]
    assert await delete_due(databases) == []
    directory.forget()
    assert await directory.by_slug("gone") is None
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        row = admin.execute(
            "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = %(name)s), "
            "(SELECT count(*) FROM pg_roles WHERE rolname = %(name)s), "
            "(SELECT count(*) FROM cell.outbox WHERE tenant_role = %(name)s)",
            {"name": tenant.schema},
        ).fetchone()
    assert row == (0, 0, 0)


def test_each_table_is_granted_as_its_model_says(database_settings, untouched_tenant):
    """The matrix: what the catalogue says each tenant role may do, beside what the models declare."""
    declared = {
        table.name: set(table.info.get("grants", "SELECT, INSERT, UPDATE, DELETE").split(", ")) - {""}
        for table in component("core").tables()
    }
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        rows = admin.execute(
            "SELECT table_name, array_agg(privilege_type::text) FROM information_schema.role_table_grants "
            "WHERE grantee = %s GROUP BY table_name",
            [untouched_tenant.schema],
        ).fetchall()
        outside = admin.execute(
            "SELECT count(*) FROM information_schema.role_table_grants "
            "WHERE grantee = %s AND table_schema <> %s",
            [untouched_tenant.schema, untouched_tenant.schema],
        ).fetchone()
    assert {name: set(rights) for name, rights in rows} == {
        name: rights for name, rights in declared.items() if rights
    }
    assert outside == (0,)


def test_tenants_only_append_to_the_cell(database_settings):
    declared = {
        table.name: set(table.info["tenant_grants"].split(", "))
        for table in component("cell").tables()
        if table.info.get("tenant_grants")
    }
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        rows = admin.execute(
            "SELECT table_name, array_agg(privilege_type::text) FROM information_schema.role_table_grants "
            "WHERE grantee = %s GROUP BY table_name",
            [database_settings.tenant_group],
        ).fetchall()
        protected = admin.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'cell'::regnamespace AND relrowsecurity"
        ).fetchall()
    assert {name: set(rights) for name, rights in rows} == declared
    assert {name for (name,) in protected} == set(declared)


def test_events_and_positions_are_append_only(database_settings, tenant):
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        for table in ("event", "event_link", "event_position"):
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                row = admin.execute(
                    "SELECT has_table_privilege(%s, %s, %s)",
                    [tenant.schema, f"{tenant.schema}.{table}", right],
                ).fetchone()
                assert row == (False,), (table, right)
