"""The isolation matrix: every statement with which one tenant might reach another is refused.

Each case runs as injected SQL would: inside a tenant's own transaction, as the tenant's role.
"""

from collections.abc import AsyncIterator

import asyncpg
import psycopg
import pytest
from sqlalchemy import text

from core.tenancy.connection import Opening, TenantConnection
from core.tenancy.db import Databases
from core.tenancy.directory import Tenant
from core.tenancy.roles import assert_rights, bootstrap_roles
from core.tenancy.settings import DatabaseSettings
from tests.fixtures.server import roles_alone

DENIED = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidParameterValueError,
)


@pytest.fixture(scope="module")
async def secret(databases: Databases, other_tenant: Tenant) -> None:
    """A row of the other tenant that nobody may see, and one in the cell."""
    async with databases.tenant(other_tenant) as unit:
        await unit.session.execute(
            text(
                "INSERT INTO handled (source_id, subscriber, step, seq, handled_at) "
                "VALUES (gen_random_uuid(), 'secret', 's', 1, now())"
            )
        )
        await unit.session.execute(
            text(
                "INSERT INTO cell.outbox (event_id, tenant_id, event_name) "
                "VALUES (gen_random_uuid(), gen_random_uuid(), 'secret')"
            )
        )
        await unit.commit()


@pytest.fixture
async def attacker(
    database_settings: DatabaseSettings, tenant: Tenant, secret: None
) -> AsyncIterator[asyncpg.Connection]:
    """A connection inside a transaction of the first tenant."""
    connection = await login(database_settings, tenant)
    connection.arm(Opening(tenant.schema, False, 5_000, 500))
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await connection.close()


async def login(settings: DatabaseSettings, tenant: Tenant) -> TenantConnection:
    role = settings.slice_role(tenant.cell, tenant.slice)
    return await asyncpg.connect(settings.dsn(role, tenant.cell), connection_class=TenantConnection)


REFUSED = {
    "qualified name": "SELECT * FROM {other}.handled",
    "qualified write": "DELETE FROM {other}.handled",
    "the other's path": "SET LOCAL search_path = {other}; SELECT * FROM handled",
    "the other's path for the session": "SET search_path = {other}; SELECT * FROM handled",
    "reset role, then the other's table": "RESET ROLE; SELECT * FROM {other}.handled",
    "no role and no path": "RESET ROLE; SELECT * FROM handled",
    "set_config of the role": "SELECT set_config('role', '{other}', true)",
    "set_config of the path": "SELECT set_config('search_path', '{other}', true)",
    "update of the settings view": "UPDATE pg_settings SET setting = '{other}' WHERE name = 'role'",
    "a function with another role": (
        "CREATE FUNCTION steal() RETURNS int LANGUAGE sql SET role = {other} AS 'SELECT 1'"
    ),
    "a plain function": "CREATE FUNCTION steal() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'",
    "a DO block": "DO $$ BEGIN EXECUTE 'SET ROLE {other}'; END $$",
    "a DO block in SQL": "DO LANGUAGE plpgsql $$ BEGIN SET LOCAL ROLE {other}; END $$",
    "query_to_xml": "SELECT query_to_xml('SELECT * FROM {other}.handled', true, false, '')",
    "query_to_xmlschema": "SELECT query_to_xmlschema('SELECT 1', true, false, '')",
    "table_to_xml": "SELECT table_to_xml('{other}.handled', true, false, '')",
    "schema_to_xml": "SELECT schema_to_xml('{other}', true, false, '')",
    "database_to_xml": "SELECT database_to_xml(true, false, '')",
    "cursor_to_xml": "SELECT cursor_to_xml('c', 1, true, false, '')",
    "ts_stat": "SELECT * FROM ts_stat('SELECT to_tsvector(subscriber) FROM {other}.handled')",
    "a view": "CREATE VIEW peek AS SELECT * FROM {other}.handled",
    "a temporary view": "CREATE TEMP VIEW peek AS SELECT * FROM {other}.handled",
    "a rule": "CREATE RULE peek AS ON INSERT TO handled DO ALSO SELECT 1",
    "a prepared statement": "PREPARE peek AS SELECT * FROM {other}.handled; EXECUTE peek",
    "a cursor": "DECLARE peek CURSOR FOR SELECT * FROM {other}.handled",
    "a trigger": (
        "CREATE TRIGGER t BEFORE UPDATE ON handled FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    ),
    "create table": "CREATE TABLE mine (id int)",
    "create table by select": "CREATE TABLE mine AS SELECT 1",
    "create temp table": "CREATE TEMP TABLE mine (id int)",
    "create type": "CREATE TYPE mine AS ENUM ('a')",
    "create domain": "CREATE DOMAIN mine AS int",
    "create schema": "CREATE SCHEMA mine",
    "create in public": "CREATE TABLE public.mine (id int)",
    "create in ext": "CREATE TABLE ext.mine (id int)",
    "create in the other's": "CREATE TABLE {other}.mine (id int)",
    "create extension": "CREATE EXTENSION dblink",
    "create role": "CREATE ROLE mine",
    "create operator": "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "create cast": "CREATE CAST (int AS point) WITH INOUT",
    "create sequence": "CREATE SEQUENCE mine",
    "create index": "CREATE INDEX mine ON handled (seq)",
    "create policy": "CREATE POLICY mine ON cell.outbox USING (true)",
    "alter table": "ALTER TABLE handled ADD COLUMN mine int",
    "alter the outbox": "ALTER TABLE cell.outbox DISABLE ROW LEVEL SECURITY",
    "alter role": "ALTER ROLE {own} LOGIN",
    "alter the other's settings": "ALTER ROLE {other} SET search_path = public",
    "alter the slice": "ALTER ROLE {slice} SET search_path = public",
    "alter owner": "ALTER TABLE handled OWNER TO {own}",
    "drop table": "DROP TABLE handled",
    "drop schema": "DROP SCHEMA {other} CASCADE",
    "truncate": "TRUNCATE handled",
    "truncate events": "TRUNCATE event",
    "lock the other's": "LOCK TABLE {other}.handled",
    "copy to program": "COPY handled TO PROGRAM 'cat'",
    "copy from program": "COPY handled FROM PROGRAM 'true'",
    "copy to file": "COPY handled TO '/dev/null'",
    "copy from file": "COPY handled (subscriber) FROM '/etc/passwd'",
    "copy the other's": "COPY {other}.handled TO STDOUT",
    "lo_import": "SELECT lo_import('/etc/passwd')",
    "lo_export": "SELECT lo_export(1, '/dev/null')",
    "lo_create": "SELECT lo_create(0)",
    "lo_from_bytea": "SELECT lo_from_bytea(0, 'x')",
    "lo_get": "SELECT lo_get({large_object})",
    "lo_open": "SELECT lo_open({large_object}, 262144)",
    "lo_unlink": "SELECT lo_unlink({large_object})",
    "session advisory lock": "SELECT pg_advisory_lock(1)",
    "shared session advisory lock": "SELECT pg_advisory_lock_shared(1)",
    "try session advisory lock": "SELECT pg_try_advisory_lock(1)",
    "unlock all": "SELECT pg_advisory_unlock_all()",
    "pg_sleep": "SELECT pg_sleep(0)",
    "pg_read_file": "SELECT pg_read_file('/etc/passwd')",
    "pg_read_binary_file": "SELECT pg_read_binary_file('/etc/passwd')",
    "pg_ls_dir": "SELECT pg_ls_dir('/')",
    "dblink": "SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(a int)",
    "update an event": "UPDATE event SET name = 'x'",
    "delete an event": "DELETE FROM event",
    "update a position": "UPDATE event_position SET position = 1",
    "insert a position": "INSERT INTO event_position VALUES (1, gen_random_uuid())",
    "update the version": "UPDATE alembic_version_core SET version_num = 'x'",
    "delete the version": "DELETE FROM alembic_version_core",
    "read the control schema": "SELECT * FROM control.tenant",
    "read the outbox": "SELECT * FROM cell.outbox",
    "read jobs": "SELECT * FROM cell.job",
    "empty the outbox": "DELETE FROM cell.outbox",
    "write as the other in the outbox": (
        "INSERT INTO cell.outbox (event_id, tenant_role, tenant_id, event_name) "
        "VALUES (gen_random_uuid(), '{other}', gen_random_uuid(), 'x')"
    ),
    "read passwords": "SELECT * FROM pg_authid",
    "end the other's backends": "SELECT pg_terminate_backend({victim})",
    "cancel the other's queries": "SELECT pg_cancel_backend({victim})",
    "set session authorization": "SET SESSION AUTHORIZATION {other}",
    "become the owner": "SET ROLE {owner}",
    "become the worker": "SET ROLE {worker}",
    "become the control plane": "SET ROLE {control}",
    "skip triggers and keys": "SET session_replication_role = replica",
    "load a library": "LOAD 'dblink'",
}
GRANTS = {
    "grant the own table": "GRANT ALL ON handled TO PUBLIC",
    "grant the own schema": "GRANT USAGE ON SCHEMA {own} TO {other}",
    "grant the own role": "GRANT {own} TO {other}",
}


def fill(statement: str, settings: DatabaseSettings, own: Tenant, other: Tenant) -> str:
    return statement.format(
        own=own.schema,
        other=other.schema,
        owner=settings.owner,
        worker=settings.migrate,
        control=settings.control,
        slice=settings.slice_role(own.cell, own.slice),
        large_object=LARGE_OBJECT,
        victim=1,
    )


LARGE_OBJECT = 424242


@pytest.mark.parametrize("name", REFUSED)
async def test_a_statement_that_reaches_out_is_refused(
    attacker, database_settings, tenant, other_tenant, name
):
    statement = fill(REFUSED[name], database_settings, tenant, other_tenant)
    if "{victim}" in REFUSED[name]:
        victim = await login(database_settings, other_tenant)
        statement = statement.replace("(1)", f"({victim.get_server_pid()})")
    with pytest.raises(DENIED):
        await attacker.execute(statement)


@pytest.mark.parametrize("name", GRANTS)
async def test_a_grant_changes_nothing(attacker, database_settings, tenant, other_tenant, name):
    """PostgreSQL refuses or only warns: what counts is that no right is there afterwards."""
    try:
        await attacker.execute(fill(GRANTS[name], database_settings, tenant, other_tenant))
    except DENIED:
        return
    rights = await attacker.fetchrow(
        "SELECT has_table_privilege($1, $2, 'SELECT'), has_schema_privilege($1, $3, 'USAGE'), "
        "pg_has_role($1, $3, 'USAGE')",
        other_tenant.schema,
        f"{tenant.schema}.handled",
        tenant.schema,
    )
    assert tuple(rights) == (False, False, False)


async def test_a_role_in_a_bound_parameter_is_only_text(attacker, other_tenant):
    found = await attacker.fetchval("SELECT $1::text", f"x'; SET ROLE {other_tenant.schema}; --")
    assert found.startswith("x'")
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await attacker.execute("SET ROLE $1", other_tenant.schema)


async def test_a_large_object_of_another_is_out_of_reach(attacker, database_settings):
    with psycopg.connect(database_settings.admin_dsn(), autocommit=True) as admin:
        admin.execute("SELECT lo_create(%s)", [LARGE_OBJECT])
        try:
            with pytest.raises(DENIED):
                await attacker.fetchval("SELECT data FROM pg_largeobject LIMIT 1")
        finally:
            admin.execute("SELECT lo_unlink(%s)", [LARGE_OBJECT])


@pytest.mark.parametrize("name", ["{own}.handled", "{other}.handled", "handled"])
async def test_a_login_without_a_role_reads_nothing(database_settings, tenant, other_tenant, name):
    connection = await login(database_settings, tenant)
    table = fill(name, database_settings, tenant, other_tenant)
    with pytest.raises(DENIED):
        await connection.fetch(f"SELECT * FROM {table}")
    await connection.execute(f"SET search_path = {other_tenant.schema}")
    with pytest.raises(DENIED):
        await connection.fetch("SELECT * FROM handled")
    await connection.close()


async def test_role_and_path_that_disagree_read_nothing(database_settings, tenant, other_tenant):
    connection = await login(database_settings, tenant)
    await connection.execute(f"SET ROLE {tenant.schema}; SET search_path = {other_tenant.schema}")
    with pytest.raises(DENIED):
        await connection.fetch("SELECT * FROM handled")
    await connection.close()


async def test_another_slice_cannot_become_the_tenant(database_settings, tenant):
    connection = await asyncpg.connect(database_settings.dsn(database_settings.control))
    with pytest.raises(DENIED):
        await connection.execute(f"SET ROLE {tenant.schema}")
    with pytest.raises(DENIED):
        await connection.fetch(f"SELECT * FROM {tenant.schema}.handled")
    await connection.close()


async def test_what_a_tenant_set_for_the_session_is_gone_in_the_next_transaction(
    databases, tenant, other_tenant
):
    async with databases.tenant(tenant) as unit:
        await unit.session.execute(text(f"SET search_path = {other_tenant.schema}"))
        await unit.session.execute(text("SET statement_timeout = 0"))
        await unit.session.execute(text("SET work_mem = '1GB'"))
        await unit.session.execute(text(f"SET ROLE {other_tenant.schema}"))
        await unit.commit()
    for whose in (tenant, other_tenant):
        async with databases.tenant(whose) as unit:
            row = (
                await unit.session.execute(
                    text(
                        "SELECT current_user, current_schema(), current_setting('statement_timeout'), "
                        "current_setting('work_mem')"
                    )
                )
            ).one()
        assert tuple(row)[:3] == (whose.schema, whose.schema, "15s")
        assert row[3] != "1GB"


@pytest.fixture
def taking_turns(server):
    """Nobody else changes or judges the roles meanwhile."""
    with roles_alone(server):
        yield


async def test_what_a_login_changed_of_itself_does_not_lead_astray(
    databases, database_settings, tenant, other_tenant, taking_turns
):
    """A login role may alter its own settings; sessions do not depend on them, and the check reports them."""
    role = database_settings.slice_role(tenant.cell, tenant.slice)
    with psycopg.connect(database_settings.dsn(role), autocommit=True) as login:
        login.execute(f"ALTER ROLE {role} SET search_path = {other_tenant.schema}, ext")
        login.execute(f"ALTER ROLE {role} SET role = '{other_tenant.schema}'")
    try:
        fresh = Databases(database_settings)
        async with fresh.tenant(tenant) as unit:
            row = (await unit.session.execute(text("SELECT current_user, current_schema()"))).one()
        await fresh.close()
        assert tuple(row) == (tenant.schema, tenant.schema)
        codes = [finding.code for finding in assert_rights(database_settings)]
        assert "role.search_path" in codes
        assert "role.settings" in codes
    finally:
        bootstrap_roles(database_settings)
    assert assert_rights(database_settings) == []


async def test_a_tenant_role_has_no_attribute_of_power(database_settings, tenant):
    with psycopg.connect(database_settings.admin_dsn()) as admin:
        row = admin.execute(
            "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls "
            "FROM pg_roles WHERE rolname = %s",
            [tenant.schema],
        ).fetchone()
    assert row == (False,) * 6


def test_the_rights_hold_and_missing_ones_are_found(database_settings, taking_turns):
    assert assert_rights(database_settings) == []
    with psycopg.connect(database_settings.admin_dsn(), autocommit=True) as admin:
        admin.execute("GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO PUBLIC")
        admin.execute("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC")
    codes = {finding.code for finding in assert_rights(database_settings)}
    assert codes == {"function.set_config", "language.plpgsql"}
    bootstrap_roles(database_settings)
    assert assert_rights(database_settings) == []
