"""PostgreSQL roles, schemas and revocations of an installation.

Owns ``bootstrap_roles`` and the check that the rights really hold. Emits nothing.
Never grants a tenant's role anything outside its own schema and its group's rows in ``cell``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from core.tenancy.settings import DatabaseSettings

EXTENSIONS: Final = ("pg_trgm", "unaccent", "btree_gin", "btree_gist")

_FORBIDDEN: Final = (
    r"^(set_config|ts_stat|ts_rewrite|loread|lowrite)$|^lo_|^pg_sleep"
    r"|^(query|table|cursor|schema|database)_to_xml"
    r"|^pg_(try_)?advisory_(lock|unlock)"
    r"|^pg_notification_queue_usage$|^pg_logical_emit_message$"
)
"""Functions that outlive a transaction, run text as SQL, reach files, or hold a connection."""

_FUNCTIONS: Final = (
    "SELECT p.oid::regprocedure::text, p.proname FROM pg_catalog.pg_proc p "
    "WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ %s"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A right that ought not to hold, or one that is missing."""

    code: str
    message: str


def bootstrap_roles(settings: DatabaseSettings) -> None:
    """Make roles and prepare every database; harmless to repeat."""
    for dsn in {settings.admin_dsn(), *map(settings.admin_dsn, settings.cell_urls())}:
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("SELECT pg_advisory_lock(7305811)")
            for role, kind in _roles(admin, settings):
                _make_role(admin, role, kind, settings)
            admin.execute(_grant(settings.owner, settings.migrate))
            _prepare_database(admin, settings)


def open_slice(admin: psycopg.Connection, settings: DatabaseSettings, cell: str, number: int) -> None:
    """Make the login role of one more slice, in the administrator's transaction."""
    role = settings.slice_role(cell, number)
    _make_role(admin, role, "LOGIN NOINHERIT", settings)
    for text in (
        f'GRANT CONNECT ON DATABASE "{admin.info.dbname}" TO {{}}',
        "GRANT USAGE ON SCHEMA ext TO {}",
    ):
        admin.execute(sql.SQL(text).format(sql.Identifier(role)))


def assert_rights(settings: DatabaseSettings) -> list[Finding]:
    """Compare the effective rights with the intended ones; an empty list is full isolation."""
    findings: list[Finding] = []
    for cell in settings.cell_urls():
        with psycopg.connect(settings.dsn(settings.migrate, cell), autocommit=True) as connection:
            findings += _database_findings(connection, settings)
    return findings


def _roles(connection: psycopg.Connection, settings: DatabaseSettings) -> Iterator[tuple[str, str]]:
    yield settings.owner, "NOLOGIN NOINHERIT"
    yield settings.tenant_group, "NOLOGIN"
    yield settings.migrate, "LOGIN NOINHERIT"
    yield settings.control, "LOGIN NOINHERIT"
    for cell in settings.cell_urls():
        opened = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname ~ %s", [rf"^{settings.prefix}_{cell}_s\d+$"]
        ).fetchall()
        for role in sorted({settings.slice_role(cell, 0), *(row[0] for row in opened)}):
            yield role, "LOGIN NOINHERIT"


def _make_role(admin: psycopg.Connection, role: str, kind: str, settings: DatabaseSettings) -> None:
    name = sql.Identifier(role)
    exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if exists else "CREATE"
    statement = sql.SQL(f"{verb} ROLE {{}} {kind}").format(name)
    if kind.startswith("LOGIN"):
        statement += sql.SQL(" PASSWORD {}").format(sql.Literal(settings.password(role)))
        admin.execute(statement)
        admin.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(name))
        # Exactly so: a quoted list would be stored as the name of one schema.
        admin.execute(sql.SQL('ALTER ROLE {} SET search_path = "$user", ext').format(name))
    else:
        admin.execute(statement)


def _grant(role: str, member: str) -> sql.Composed:
    return sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(member))


def _prepare_database(admin: psycopg.Connection, settings: DatabaseSettings) -> None:
    database = sql.Identifier(admin.info.dbname)
    owner = sql.Identifier(settings.owner)
    group = sql.Identifier(settings.tenant_group)
    logins = sql.SQL(", ").join(
        sql.Identifier(role) for role, kind in _roles(admin, settings) if kind.startswith("LOGIN")
    )
    readers = sql.SQL(", ").join([group, logins, owner])
    for text, values in (
        ("REVOKE ALL ON DATABASE {} FROM PUBLIC", (database,)),
        ("GRANT CONNECT ON DATABASE {} TO {}", (database, logins)),
        ("GRANT CREATE, TEMPORARY ON DATABASE {} TO {}", (database, owner)),
        ("REVOKE ALL ON SCHEMA public FROM PUBLIC", ()),
        ("CREATE SCHEMA IF NOT EXISTS ext", ()),
        ("GRANT USAGE ON SCHEMA ext TO {}", (readers,)),
        ("REVOKE USAGE ON LANGUAGE plpgsql, sql FROM PUBLIC", ()),
        ("GRANT USAGE ON LANGUAGE plpgsql, sql TO {}", (owner,)),
    ):
        _attempt(admin, sql.SQL(text).format(*values))
    for extension in EXTENSIONS:
        _attempt(admin, sql.SQL(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA ext"))
    revoked = [
        sql.SQL(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        for signature, _ in admin.execute(_FUNCTIONS, [_FORBIDDEN]).fetchall()
    ]
    for statement in revoked:
        _attempt(admin, statement)


def _attempt(admin: psycopg.Connection, statement: sql.SQL | sql.Composed) -> None:
    # A managed server forbids some of these; assert_rights says what is missing then.
    try:
        admin.execute(statement)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported):
        return


def _database_findings(connection: psycopg.Connection, settings: DatabaseSettings) -> Iterator[Finding]:
    group = settings.tenant_group
    where = connection.info.dbname
    for signature, name in connection.execute(_FUNCTIONS, [_FORBIDDEN]).fetchall():
        if _has(connection, "function", group, signature, "EXECUTE"):
            yield Finding(f"function.{name}", f"{where}: tenants may call {signature}")
    for language in ("plpgsql", "sql"):
        if _has(connection, "language", group, language, "USAGE"):
            yield Finding(f"language.{language}", f"{where}: tenants may use language {language}")
    for right in ("TEMPORARY", "CREATE"):
        if _has(connection, "database", group, where, right):
            yield Finding(f"database.{right.lower()}", f"{where}: tenants have {right} on the database")
    for schema in ("public", "ext"):
        if _has(connection, "schema", group, schema, "CREATE"):
            yield Finding(f"schema.{schema}", f"{where}: tenants may create in schema {schema}")
    if not _has(connection, "schema", group, "ext", "USAGE"):
        yield Finding("schema.ext", f"{where}: tenants cannot use schema ext")
    yield from _role_findings(connection, settings)


def _role_findings(connection: psycopg.Connection, settings: DatabaseSettings) -> Iterator[Finding]:
    expected = list(_roles(connection, settings))
    rows = connection.execute(
        "SELECT rolname, rolcanlogin, rolinherit, rolsuper OR rolcreaterole OR rolcreatedb "
        "OR rolreplication OR rolbypassrls, rolconfig FROM pg_roles WHERE rolname = ANY(%s)",
        [[role for role, _ in expected]],
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    for role, kind in expected:
        if role not in found:
            yield Finding("role.missing", f"role {role} is missing")
            continue
        can_login, inherits, is_mighty, config = found[role]
        if can_login is not kind.startswith("LOGIN"):
            yield Finding("role.login", f"role {role}: LOGIN is wrong")
        if is_mighty:
            yield Finding("role.mighty", f"role {role} has rights of an administrator")
        if inherits and "NOINHERIT" in kind:
            yield Finding("role.inherits", f"role {role} inherits the rights of its groups")
        if any(not entry.startswith("search_path=") for entry in config or ()):
            yield Finding("role.settings", f"role {role} has settings of its own: {config}")
        if can_login and 'search_path="$user", ext' not in (config or ()):
            yield Finding("role.search_path", f"role {role}: search_path is {config}")


def _has(connection: psycopg.Connection, kind: str, role: str, name: str, right: str) -> bool:
    query = f"SELECT has_{kind}_privilege(%s, %s, %s)"
    row = connection.execute(query.encode(), [role, name, right]).fetchone()
    return bool(row and row[0])
