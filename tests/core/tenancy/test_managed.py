"""A managed server, whose administrator is no superuser: everything works, and what is missing is said."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from core.tenancy.db import Databases
from core.tenancy.provisioning import bootstrap, claim, drop
from core.tenancy.roles import assert_rights
from core.tenancy.settings import DatabaseSettings
from tests.fixtures.server import KEYRING, MASTER_KEY


@pytest.fixture(scope="module")
def managed(server, worker_id):
    """Settings whose administrator owns a database and may make roles, and no more."""
    prefix = f"mg{server.tag}{worker_id}"
    name = f"{prefix}_admin"
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD 'managed'")
        admin.execute(f"CREATE DATABASE {name} OWNER {name}")
    url = make_url(server.database(name)).set(username=name, password="managed")
    yield DatabaseSettings(
        url=url.render_as_string(hide_password=False),
        secret=MASTER_KEY,
        prefix=prefix,
        tag=server.tag,
        connections=3,
    )
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        roles = admin.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [f"{prefix}%"]).fetchall()
        for (role,) in sorted(roles, key=lambda row: row[0] == name):
            admin.execute(f"DROP ROLE {role}")


async def test_tenants_work_and_the_reduced_isolation_is_reported(managed):
    bootstrap(managed)
    bootstrap(managed)
    databases = Databases(managed)
    tenant = await claim(databases, "acme", "Acme", new_key=KEYRING.new_tenant_key)
    async with databases.tenant(tenant) as unit:
        row = (
            await unit.session.execute(text("SELECT current_user, count(*) FROM handled GROUP BY 1"))
        ).all()
        assert row == []
        assert await unit.session.scalar(text("SELECT current_schema()")) == tenant.schema
        await unit.commit()
    await databases.close()
    codes = {finding.code for finding in assert_rights(managed)}
    assert "function.set_config" in codes
    assert not {code for code in codes if code.startswith(("role.", "schema.", "database."))}
    drop(managed, tenant)
