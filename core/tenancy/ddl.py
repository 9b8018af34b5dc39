"""Changes of a tenant's own tables that a tenant causes: indexes on custom fields, unique rules, modules installed.

Owns the names ``cx_*``. Emits nothing. Runs in a job of kind ``ddl``, never in a request.
Every function may be repeated: a job that was killed starts again.
"""

import hashlib
from dataclasses import dataclass

import psycopg
from psycopg import sql

from core.kernel.errors import Conflict, NotFound
from core.tenancy.components import Component, component, plugin_component
from core.tenancy.directory import Tenant
from core.tenancy.runner import upgrade_schema, versions
from core.tenancy.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class FieldIndex:
    """An index on a column, or on one key of a JSON column, over the records that are not deleted."""

    table: str
    column: str
    key: str | None = None
    unique: bool = False

    @property
    def name(self) -> str:
        """Name of the index: the same for the same wish, and never too long."""
        digest = hashlib.sha256(repr((self.table, self.column, self.key, self.unique)).encode()).hexdigest()[
            :16
        ]
        return f"cx_{self.table[:30]}_{digest}"


def create_index(settings: DatabaseSettings, tenant: Tenant, index: FieldIndex) -> None:
    """Make an index without stopping writes; raises :class:`Conflict` (``field.duplicates``) if not unique."""
    table = component("core").metadata.tables.get(index.table)
    if table is None or index.column not in table.c:
        raise NotFound
    expression: sql.Composable = sql.Identifier(index.column)
    if index.key is not None:
        expression = sql.SQL("({} ->> {})").format(expression, sql.Literal(index.key))
    kind = sql.SQL("UNIQUE INDEX" if index.unique else "INDEX")
    deleted = sql.SQL(" WHERE deleted_at IS NULL" if "deleted_at" in table.c else "")
    statement = sql.SQL("CREATE {} CONCURRENTLY IF NOT EXISTS {} ON {} ({}){}").format(
        kind, sql.Identifier(index.name), sql.Identifier(index.table), expression, deleted
    )
    with _as_owner(settings, tenant) as connection:
        if not _is_valid(connection, index.name):
            _drop(connection, index.name)
        try:
            connection.execute(statement)
        except psycopg.errors.UniqueViolation as error:
            _drop(connection, index.name)
            raise Conflict(code="field.duplicates") from error


def drop_index(settings: DatabaseSettings, tenant: Tenant, index: FieldIndex) -> None:
    """Remove an index of a custom field without stopping writes."""
    with _as_owner(settings, tenant) as connection:
        _drop(connection, index.name)


def install(settings: DatabaseSettings, tenant: Tenant, key: str) -> int:
    """Bring a module's tables to the newest revision in one tenant; says how many steps ran."""
    item = _plugin(key)
    with psycopg.connect(settings.dsn(settings.migrate, tenant.cell), autocommit=True) as connection:
        with connection.transaction():
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(settings.owner)))
            current = versions(connection, item, [tenant.schema])[tenant.schema]
        return upgrade_schema(connection, item, tenant.schema, settings=settings, version=current)


def uninstall(settings: DatabaseSettings, tenant: Tenant, key: str) -> None:
    """Remove a module's tables and its version table; what they held is to be exported before."""
    item = _plugin(key)
    names = [*(table.name for table in reversed(item.tables())), item.version_table]
    with _as_owner(settings, tenant) as connection, connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '2s'")
        for name in names:
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))


def _plugin(key: str) -> Component:
    item = plugin_component(key)
    if item is None:
        raise NotFound
    return item


def _as_owner(settings: DatabaseSettings, tenant: Tenant) -> psycopg.Connection:
    connection = psycopg.connect(settings.dsn(settings.migrate, tenant.cell), autocommit=True)
    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(settings.owner)))
    connection.execute(sql.SQL("SET search_path = {}, ext").format(sql.Identifier(tenant.schema)))
    return connection


def _is_valid(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name]
    ).fetchone()
    return bool(row and row[0])


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))
