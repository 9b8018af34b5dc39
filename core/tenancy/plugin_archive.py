"""What one module holds in one tenant as an archive: written in the transaction that removes its tables.

Owns the archive's format: a ZIP of ``manifest.json`` and ``tables/<table>.copy``. Emits nothing.
Never runs SQL that an archive brings: it brings rows, and names that are checked.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import Table

from core.kernel.errors import BadRequest, Conflict, NotFound
from core.tenancy.components import Component, plugin_component
from core.tenancy.directory import Tenant
from core.tenancy.migrations import UnknownRevision
from core.tenancy.runner import install_steps, upgrade_schema, versions
from core.tenancy.settings import DatabaseSettings

FORMAT: Final = 1
MAX_BYTES: Final = 4 * 1024**3
_CHUNK: Final = 1 << 20


class Module(Protocol):
    """What is needed of a module."""

    @property
    def key(self) -> str: ...
    @property
    def manifest(self) -> Any: ...


def export_and_drop(settings: DatabaseSettings, tenant: Tenant, module: Module, target: Path) -> bool:
    """Write a module's rows into an archive and remove its tables, in one transaction; False where they are gone.

    The archive is on the disk before the transaction ends: killed in between, everything is still there.
    """
    item = _component(module.key)
    with _connect(settings, tenant) as connection, connection.transaction():
        _enter(connection, settings, tenant)
        version = versions(connection, item, [tenant.schema])[tenant.schema]
        if version is None:
            return False
        tables = _present(connection, item)
        names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
        if tables:
            connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
        about = {
            "format": FORMAT,
            "tenant": str(tenant.id),
            "plugin": module.key,
            "plugin_version": module.manifest.version,
            "revision": version,
        }
        _write(connection, tables, target, about)
        if tables:
            connection.execute(sql.SQL("DROP TABLE {}").format(names))
        connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(item.version_table)))
    return True


def restore(settings: DatabaseSettings, tenant: Tenant, plugin: str, source: Path) -> str:
    """Bring a module's tables back as an archive holds them; gives the version of the module that wrote it.

    Does nothing where the tables hold rows. Raises :class:`BadRequest` for an archive of another module or
    tenant, :class:`Conflict` where rows point at what is gone.
    """
    item = _component(plugin)
    with zipfile.ZipFile(source) as archive:
        about = _read_manifest(archive, tenant, plugin)
        with _connect(settings, tenant) as connection:
            _make_tables(connection, settings, tenant, item, about["revision"])
            try:
                with connection.transaction():
                    _enter(connection, settings, tenant)
                    if _are_empty(connection, item):
                        _copy_in(connection, archive, item, about["tables"])
            except psycopg.errors.ForeignKeyViolation as error:
                raise Conflict(code="archive.dangling", detail=str(error.diag.message_detail)) from error
    return str(about["plugin_version"])


def _make_tables(
    connection: psycopg.Connection, settings: DatabaseSettings, tenant: Tenant, item: Component, revision: str
) -> None:
    """Make the tables as they were when the archive was written."""
    try:
        steps = install_steps(item, revision)
    except UnknownRevision as error:
        raise BadRequest(code="archive.other_version") from error
    with connection.transaction():
        _enter(connection, settings, tenant)
        version = versions(connection, item, [tenant.schema])[tenant.schema]
    if version is None:
        upgrade_schema(connection, item, tenant.schema, settings=settings, version=None, steps=steps)


def _are_empty(connection: psycopg.Connection, item: Component) -> bool:
    for table in item.tables():
        name = sql.Identifier(table.name)
        connection.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(name))
        if connection.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(name)).fetchone() != (False,):
            return False
    return True


def _component(plugin: str) -> Component:
    item = plugin_component(plugin)
    if item is None:
        raise NotFound
    return item


def _connect(settings: DatabaseSettings, tenant: Tenant) -> psycopg.Connection:
    return psycopg.connect(settings.dsn(settings.migrate, tenant.cell), autocommit=True)


def _enter(connection: psycopg.Connection, settings: DatabaseSettings, tenant: Tenant) -> None:
    connection.execute("SET LOCAL lock_timeout = '5s'")
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(settings.owner)))
    connection.execute(sql.SQL("SET LOCAL search_path = {}, ext").format(sql.Identifier(tenant.schema)))


def _present(connection: psycopg.Connection, item: Component) -> list[Table]:
    found = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(%s)",
        [[table.name for table in item.tables()]],
    )
    names = {row[0] for row in found}
    return [table for table in item.tables() if table.name in names]


def _write(
    connection: psycopg.Connection, tables: Sequence[Table], target: Path, about: dict[str, Any]
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.partial")
    columns = {}
    with zipfile.ZipFile(
        draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
    ) as archive:
        for table in tables:
            columns[table.name] = [c.name for c in table.columns if c.computed is None]
            query = sql.SQL("COPY {} ({}) TO STDOUT").format(
                sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, columns[table.name]))
            )
            with (
                archive.open(f"tables/{table.name}.copy", "w", force_zip64=True) as file,
                connection.cursor().copy(query) as rows,
            ):
                for chunk in rows:
                    file.write(chunk)
        archive.writestr("manifest.json", json.dumps({**about, "tables": columns}, indent=1))
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)


def _read_manifest(archive: zipfile.ZipFile, tenant: Tenant, plugin: str) -> dict[str, Any]:
    try:
        about: dict[str, Any] = json.loads(archive.read("manifest.json"))
        is_ours = (
            about["format"] == FORMAT
            and about["plugin"] == plugin
            and UUID(about["tenant"]) == tenant.id
            and isinstance(about["tables"], dict)
            and {"revision", "plugin_version"} <= set(about)
        )
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise BadRequest(code="archive.broken") from error
    if not is_ours:
        raise BadRequest(code="archive.unknown")
    if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
        raise BadRequest(code="archive.too_large")
    return about


def _copy_in(
    connection: psycopg.Connection, archive: zipfile.ZipFile, item: Component, tables: dict[str, list[str]]
) -> None:
    known = {table.name for table in item.tables()}
    if not set(tables) <= known:
        raise BadRequest(code="archive.unknown")
    # Tables come with those first that others point at.
    for table in (table for table in item.tables() if table.name in tables):
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, tables[table.name]))
        )
        with archive.open(f"tables/{table.name}.copy") as rows, connection.cursor().copy(query) as target:
            while chunk := rows.read(_CHUNK):
                target.write(chunk)
