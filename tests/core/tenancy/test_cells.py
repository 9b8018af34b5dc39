"""Tenants spread over slices and cells, and meet nowhere."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from core.tenancy.db import Databases
from core.tenancy.directory import Directory
from core.tenancy.provisioning import CellFull, bootstrap, claim, drop, fill_pool
from core.tenancy.roles import assert_rights, bootstrap_roles
from tests.fixtures.server import KEYRING

new_key = KEYRING.new_tenant_key


@pytest.fixture(scope="module")
def two_cells(server, worker_id):
    """An installation of its own with two cell databases."""
    names = [f"gx_{kind}_{worker_id}" for kind in ("control", "west", "east")]
    with psycopg.connect(server.url, autocommit=True) as admin:
        for name in names:
            admin.execute(f"CREATE DATABASE {name}")
    control, west, east = (server.database(name) for name in names)
    settings = replace(
        server.settings(names[0]),
        url=control,
        prefix=f"gc{server.tag}{worker_id}",
        cells={"west": west, "east": east},
        per_slice=2,
        per_cell=5,
    )
    bootstrap(settings)
    yield settings
    with psycopg.connect(server.url, autocommit=True) as admin:
        for name in names:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        roles = admin.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [f"{settings.prefix}%"])
        for (role,) in roles.fetchall():
            admin.execute(f"DROP ROLE {role}")


@pytest.fixture(scope="module")
async def tenants(two_cells):
    """Five workspaces in the west, two in the east."""
    for cell, count in (("west", 5), ("east", 2)):
        await asyncio.to_thread(fill_pool, two_cells, count, new_key=new_key, cell=cell)
    databases = Databases(two_cells)
    found = [await claim(databases, f"w{n}", f"W{n}", new_key=new_key) for n in range(7)]
    yield databases, found
    await databases.close()
    for tenant in found:
        await asyncio.to_thread(drop, two_cells, tenant)


async def test_slices_open_as_tenants_come(two_cells, tenants):
    _, found = tenants
    places = sorted((tenant.cell, tenant.slice) for tenant in found)
    assert places == [("east", 0)] * 2 + [("west", 0)] * 2 + [("west", 1)] * 2 + [("west", 2)]
    assert assert_rights(two_cells) == []
    bootstrap_roles(two_cells)
    assert assert_rights(two_cells) == []


async def test_every_tenant_works_in_its_place(two_cells, tenants):
    databases, found = tenants
    for tenant in found:
        async with databases.tenant(tenant) as unit:
            row = (await unit.session.execute(text("SELECT current_user, current_database()"))).one()
        assert row[0] == tenant.schema
        assert row[1] == make_url(two_cells.cells[tenant.cell]).database
    assert {tenant.id for tenant in await Directory(databases).all()} == {tenant.id for tenant in found}


async def test_a_slice_cannot_become_the_tenants_of_another(tenants):
    databases, found = tenants
    first, *others = [tenant for tenant in found if tenant.cell == "west"]
    stranger = next(tenant for tenant in others if tenant.slice != first.slice)
    async with databases.tenant(replace(stranger, slice=first.slice)) as unit:
        with pytest.raises(DBAPIError, match="permission denied to set role"):
            await unit.session.execute(text("SELECT 1"))


async def test_a_full_cell_takes_no_more(two_cells, tenants):
    with pytest.raises(CellFull):
        await asyncio.to_thread(fill_pool, two_cells, 1, new_key=new_key, cell="west")
