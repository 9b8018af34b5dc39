"""Makes schemas ahead of need and gives them to tenants; removes them after a grace period.

Owns the bootstrap of an installation, the warm pool and deletion. Emits nothing.
Never touches the role catalogue while somebody signs up, unless the pool is empty.
"""

import asyncio
import secrets
import string
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypedDict, Unpack, cast
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import Select, Table, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.errors import Conflict
from core.kernel.ids import uuid7
from core.tenancy.components import DML, cell_grants, component, control_grants
from core.tenancy.db import Databases
from core.tenancy.directory import OWN_COLUMNS, FormerSlug, Tenant, TenantPlugin, TenantRow, tenant_of
from core.tenancy.migrations import compile_history
from core.tenancy.roles import bootstrap_roles, open_slice
from core.tenancy.runner import script, upgrade_schema, versions
from core.tenancy.settings import DatabaseSettings

GRACE: Final = timedelta(days=30)
TOGETHER: Final = 4
"""So many schemas are made in one transaction: whoever works beside is slowed less than by one commit for each. A
schema takes 600 of the locks that the database has room for (6,400 as it is delivered)."""
_ALPHABET: Final = string.ascii_lowercase + string.digits


class CellFull(RuntimeError):
    """A cell has as many workspaces as it may: the operator adds another."""


class Workspace(TypedDict, total=False):
    """What a new tenant may start with beside its slug and name."""

    locale: str
    timezone: str
    currency: str
    country: str


def bootstrap(settings: DatabaseSettings) -> None:
    """Make or bring up to date roles, rights and the schemas ``control`` and ``cell``; harmless to repeat."""
    bootstrap_roles(settings)
    _upgrade_fixed(settings, "control", None)
    for cell in settings.cell_urls():
        _upgrade_fixed(settings, "cell", cell)


def fill_pool(
    settings: DatabaseSettings, count: int, *, new_key: Callable[[], bytes], cell: str = "main"
) -> int:
    """Add schemas at the newest revision until ``count`` are free; says how many were made.

    Roles are made in one batch, schemas a few to a transaction.
    """
    with psycopg.connect(settings.dsn(settings.control), autocommit=True) as control:
        missing = count - _free(control, cell)
        if missing <= 0:
            return 0
        made = _allot(settings, control, cell, missing)
        _make_roles(settings, cell, made)
        core = component("core")
        with psycopg.connect(settings.dsn(settings.migrate, cell), autocommit=True) as worker:
            for first in range(0, missing, TOGETHER):
                some = made[first : first + TOGETHER]
                scripts = [
                    _schema_script(settings, schema, script(core, settings, compile_history(core), schema))
                    for schema, _ in some
                ]
                worker.execute(f"BEGIN;{''.join(scripts)}COMMIT;".encode())
                control.cursor().executemany(
                    "INSERT INTO control.tenant (id, schema, cell, slice, key) VALUES (%s, %s, %s, %s, %s)",
                    [[uuid7(), schema, cell, number, new_key()] for schema, number in some],
                )
    return missing


def free_schemas(settings: DatabaseSettings, cell: str = "main") -> int:
    """How many schemas of a cell no tenant has yet."""
    with psycopg.connect(settings.dsn(settings.control), autocommit=True) as control:
        return _free(control, cell)


def make_schema(settings: DatabaseSettings, cell: str = "main") -> tuple[str, int]:
    """Make a role and an empty schema that no tenant has yet; gives its name and slice."""
    with psycopg.connect(settings.dsn(settings.control), autocommit=True) as control:
        [(schema, number)] = _allot(settings, control, cell, 1)
    _make_empty(settings, cell, schema, number)
    return schema, number


def make_draft(
    settings: DatabaseSettings, tenant_id: UUID, key: bytes, *, kept: timedelta, cell: str = "main"
) -> Tenant:
    """Make an empty schema for a tenant that is yet to be filled: closed, without an address, removed after ``kept``.

    Its row is there before role and schema are, so that whoever is killed in between leaves nothing unknown.
    """
    with psycopg.connect(settings.dsn(settings.control), autocommit=True) as control:
        [(schema, number)] = _allot(settings, control, cell, 1)
        control.execute(
            "INSERT INTO control.tenant (id, schema, cell, slice, key, state, delete_after) "
            "VALUES (%s, %s, %s, %s, %s, 'deleting', %s)",
            [tenant_id, schema, cell, number, key, datetime.now(UTC) + kept],
        )
    _make_empty(settings, cell, schema, number)
    return Tenant(id=tenant_id, slug="", name="", schema=schema, cell=cell, slice=number, key=key)


async def claim(
    databases: Databases,
    slug: str,
    name: str,
    *,
    new_key: Callable[[], bytes],
    sandbox_of: Tenant | None = None,
    **workspace: Unpack[Workspace],
) -> Tenant:
    """Give a free schema to a new tenant in one statement; an empty pool makes one first.

    Raises :class:`Conflict` (``tenant.slug_taken``) when the slug is in use, or was not long ago.
    """
    values: dict[str, Any] = dict(workspace)
    values.update(slug=slug, name=name, sandbox_of=sandbox_of.id if sandbox_of else None)
    for _ in range(5):
        tenant = await _claim_one(databases, values)
        if tenant is not None:
            return tenant
        async with databases.control(readonly=True) as unit:
            if await unit.session.scalar(_former(slug)) is not None:
                raise Conflict(code="tenant.slug_taken")
        await asyncio.to_thread(fill_pool, databases.settings, 1, new_key=new_key)
    raise RuntimeError("the pool of schemas stays empty")


async def begin_delete(databases: Databases, tenant: Tenant, *, grace: timedelta = GRACE) -> datetime:
    """Close a tenant and its sandbox and have them removed after the grace period; gives the instant."""
    at = datetime.now(UTC) + grace
    await _set_state(databases, tenant, "deleting", at)
    return at


async def cancel_delete(databases: Databases, tenant: Tenant) -> None:
    """Open a tenant again that was to be deleted."""
    await _set_state(databases, tenant, "active", None)


async def delete_due(databases: Databases) -> list[Tenant]:
    """Remove for good the tenants whose grace period has passed, and give them; safe to repeat.

    Schema, rows in ``cell``, role and the tenant's key go. Files are the caller's to remove.
    """
    async with databases.control(readonly=True) as unit:
        rows = await unit.session.execute(
            select(TenantRow.__table__).where(
                TenantRow.state == "deleting", TenantRow.delete_after <= func.now()
            )
        )
        due = [_row_tenant(row._mapping) for row in rows]
    for tenant in due:
        await asyncio.to_thread(drop, databases.settings, tenant)
    return due


def drop(settings: DatabaseSettings, tenant: Tenant) -> None:
    """Remove a tenant's schema, its rows in ``cell`` and ``control``, and its role; its sandbox goes first.

    The control plane's log stays: it is only ever added to.
    """
    for copy in sandboxes(settings, tenant):
        drop(settings, copy)
    with psycopg.connect(settings.dsn(settings.migrate, tenant.cell)) as worker:
        worker.execute(f'SET LOCAL ROLE "{settings.owner}"'.encode())
        worker.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(tenant.schema)))
        for table in component("cell").tables():
            if "tenant_role" in table.c:
                worker.execute(
                    sql.SQL("DELETE FROM cell.{} WHERE tenant_role = %s").format(sql.Identifier(table.name)),
                    [tenant.schema],
                )
    with psycopg.connect(settings.dsn(settings.control)) as control:
        for table in reversed(component("control").tables()):
            if "tenant_id" in table.c and "DELETE" in table.info.get("grants", DML):
                control.execute(
                    sql.SQL("DELETE FROM control.{} WHERE tenant_id = %s").format(sql.Identifier(table.name)),
                    [tenant.id],
                )
        control.execute("DELETE FROM control.tenant WHERE id = %s", [tenant.id])
    with psycopg.connect(settings.admin_dsn(tenant.cell), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(tenant.schema)))


def sandboxes(settings: DatabaseSettings, tenant: Tenant) -> list[Tenant]:
    """The copies of a tenant that test keys act on."""
    columns = sql.SQL(", ").join(map(sql.Identifier, OWN_COLUMNS))
    query = sql.SQL("SELECT {} FROM control.tenant WHERE sandbox_of = %s").format(columns)
    with psycopg.connect(settings.dsn(settings.control)) as control:
        rows = control.execute(query, [tenant.id]).fetchall()
    return [tenant_of(dict(zip(OWN_COLUMNS, row, strict=True))) for row in rows]


def _former(slug: str) -> Select[str]:
    return select(FormerSlug.slug).where(FormerSlug.slug == slug, FormerSlug.until > func.now())


async def take(session: AsyncSession, **values: Any) -> Tenant | None:
    """Give a free schema to a new tenant within a transaction of the control plane; None where the pool is empty.

    A slug that is in use raises the database's ``IntegrityError``, which ends the transaction.
    """
    # The table and not the mapper, which would look among the records of the session for those it changes.
    table = _TENANT
    free = (
        select(table.c.id)
        .where(table.c.state == "free")
        .order_by(table.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(table)
        .where(table.c.id == free, ~_former(values["slug"]).exists())
        .values(state="active", claimed_at=func.now(), revision=table.c.revision + 1, **values)
        .returning(*_CLAIMED)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else tenant_of(row)


async def _claim_one(databases: Databases, values: dict[str, Any]) -> Tenant | None:
    async with databases.control() as unit:
        try:
            tenant = await take(unit.session, **values)
        except IntegrityError as error:
            raise Conflict(code="tenant.slug_taken") from error
        await unit.commit()
    return tenant


_TENANT: Final = cast(Table, TenantRow.__table__)
_CLAIMED: Final = [_TENANT.c[name] for name in OWN_COLUMNS]


async def _set_state(databases: Databases, tenant: Tenant, state: str, at: datetime | None) -> None:
    async with databases.control() as unit:
        await unit.session.execute(
            update(TenantRow)
            .where(or_(TenantRow.id == tenant.id, TenantRow.sandbox_of == tenant.id))
            .values(state=state, delete_after=at, revision=TenantRow.revision + 1)
        )
        await unit.commit()


def _row_tenant(values: Any) -> Tenant:
    return tenant_of({name: values[name] for name in OWN_COLUMNS})


def _upgrade_fixed(settings: DatabaseSettings, key: str, cell: str | None) -> None:
    item = component(key)
    with psycopg.connect(settings.dsn(settings.migrate, cell), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(7305812)")
        with connection.transaction():
            connection.execute(f'SET LOCAL ROLE "{settings.owner}"'.encode())
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {key}".encode())
            current = versions(connection, item, [key])[key]
        upgrade_schema(connection, item, key, settings=settings, version=current)
        if key == "control":
            grants = control_grants(item.tables(), settings.control)
        else:
            grants = cell_grants(item.tables(), settings.tenant_group, settings.migrate)
        with connection.transaction():
            connection.execute(f'SET LOCAL ROLE "{settings.owner}"'.encode())
            connection.execute(grants.encode())


def _free(control: psycopg.Connection, cell: str) -> int:
    asked = "SELECT count(*) FROM control.tenant WHERE cell = %s AND state = 'free'"
    row = control.execute(asked, [cell]).fetchone()
    return int(row[0]) if row else 0


def _new_name(settings: DatabaseSettings) -> str:
    length = 12 - len(settings.tag)
    return f"t_{settings.tag}" + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _lightest(load: Counter[int], limit: int) -> int:
    number = min(load, key=lambda item: (load[item], item))
    if load[number] >= limit:
        number = len(load)
    load[number] += 1
    return number


def _allot(
    settings: DatabaseSettings, control: psycopg.Connection, cell: str, count: int
) -> list[tuple[str, int]]:
    """Name new schemas, each in a slice that has room and is open."""
    rows = control.execute(
        "SELECT slice, count(*) FROM control.tenant WHERE cell = %s GROUP BY slice", [cell]
    ).fetchall()
    load = Counter({0: 0} | {row[0]: row[1] for row in rows})
    if load.total() + count > settings.per_cell:
        raise CellFull(f"cell {cell} has {load.total()} of at most {settings.per_cell} workspaces")
    opened = len(load)
    made = [(_new_name(settings), _lightest(load, settings.per_slice)) for _ in range(count)]
    if len(load) > opened:
        with psycopg.connect(settings.admin_dsn(cell)) as admin:
            for number in range(opened, len(load)):
                open_slice(admin, settings, cell, number)
    return made


def _make_roles(settings: DatabaseSettings, cell: str, made: list[tuple[str, int]]) -> None:
    batch = "".join(
        f'CREATE ROLE "{schema}" NOLOGIN IN ROLE "{settings.tenant_group}";'
        f'GRANT "{schema}" TO "{settings.slice_role(cell, number)}";'
        for schema, number in made
    )
    with psycopg.connect(settings.admin_dsn(cell)) as admin:
        admin.execute(batch.encode())


def _make_empty(settings: DatabaseSettings, cell: str, schema: str, number: int) -> None:
    _make_roles(settings, cell, [(schema, number)])
    with psycopg.connect(settings.dsn(settings.migrate, cell), autocommit=True) as worker:
        worker.execute(f"BEGIN;{_schema_script(settings, schema, '')}COMMIT;".encode())


def _schema_script(settings: DatabaseSettings, schema: str, tables: str) -> str:
    return (
        f'SET LOCAL ROLE "{settings.owner}";CREATE SCHEMA "{schema}";'
        f'GRANT USAGE ON SCHEMA "{schema}" TO "{schema}", "{settings.migrate}";'
        f'SET LOCAL search_path = "{schema}", ext;'
        f"{tables}"
    )


__all__ = [
    "GRACE",
    "TenantPlugin",
    "begin_delete",
    "bootstrap",
    "cancel_delete",
    "claim",
    "delete_due",
    "drop",
    "fill_pool",
    "free_schemas",
    "take",
]
