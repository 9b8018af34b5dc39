"""What one module holds in one tenant as an archive: written in the transaction that removes its tables.

Owns the archive's format: a signed ZIP of ``tables/<table>.copy`` and, of the stored files that those mention,
``files/<sha256>``. Emits nothing. Never holds a secret, and never runs SQL that an archive brings: it brings rows.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import Table

from core.kernel.errors import BadRequest, Conflict, NotFound
from core.kernel.i18n import N_
from core.kernel.mentions import SUFFIX
from core.tenancy import archive_files, signed_archive
from core.tenancy.archive import Installation
from core.tenancy.archive_files import CHUNK
from core.tenancy.components import Component, plugin_component
from core.tenancy.directory import Tenant
from core.tenancy.migrations import UnknownRevision
from core.tenancy.runner import install_steps, upgrade_schema, versions
from core.tenancy.settings import DatabaseSettings

FORMAT: Final = 2
MAX_BYTES: Final = 1024**3
"""How much an archive that somebody brings may hold; one that is kept here may hold more."""
ROWS: Final = N_("This module holds data already. Remove it with them first, then bring the archive back.")


class Module(Protocol):
    """What is needed of a module."""

    @property
    def key(self) -> str: ...
    @property
    def manifest(self) -> Any: ...


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What a module leaves besides rows: its settings without secrets, and since when it misses events."""

    settings: dict[str, Any]
    missing_since: datetime | None


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """What came back with the rows: the version of the module that wrote them, and when they were taken out."""

    version: str
    left: Left
    taken_at: datetime


class _About(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says of itself."""

    format: int
    tenant: str
    plugin: str
    plugin_version: str
    revision: str
    left: Left
    taken_at: datetime
    tables: dict[str, list[str]]
    parts: dict[str, str]


def export_and_drop(home: Installation, tenant: Tenant, module: Module, target: Path, left: Left) -> bool:
    """Write what a module holds into an archive and remove its tables, in one transaction; False where they are gone.

    The archive is on the disk before the transaction ends: killed in between, everything is still there. Files
    that the rows mention are in it; they stay in the store too, until a sweep finds nobody else who needs them.
    """
    item = _component(module.key)
    with _connect(home.settings, tenant) as connection, connection.transaction():
        _enter(connection, home.settings, tenant)
        version = versions(connection, item, [tenant.schema])[tenant.schema]
        if version is None:
            return False
        tables = _present(connection, item)
        _lock(connection, tables, "ACCESS EXCLUSIVE")
        about = {
            "format": FORMAT,
            "tenant": str(tenant.id),
            "plugin": module.key,
            "plugin_version": module.manifest.version,
            "revision": version,
            "left": msgspec.to_builtins(left),
            "taken_at": datetime.now(UTC).isoformat(),
        }
        _write(connection, tables, target, about, home=home, tenant=tenant)
        _drop(connection, item, tables)
    return True


@contextmanager
def opened(
    home: Installation, tenant: Tenant, plugin: str, source: Path | IO[bytes], *, most: int | None = None
) -> Iterator[tuple[zipfile.ZipFile, _About]]:
    """Open an archive of which every byte is as it was written here, for this tenant and module.

    Raises :class:`BadRequest`, in the reader's words, for any other.
    """
    with signed_archive.checked(source, home.keyring.cipher(tenant.key), most=most) as (archive, said):
        if said.get("format") != FORMAT or said["tenant"] != str(tenant.id):
            raise signed_archive.Foreign
        about = msgspec.convert(said, _About)
        if about.plugin != plugin:
            raise BadRequest(
                code="archive.other_module", detail=N_("This archive is what another module left.")
            )
        yield archive, about


def check(home: Installation, tenant: Tenant, plugin: str, source: IO[bytes]) -> None:
    """Refuse what somebody brings unless it is an archive that was written here, for this tenant and module."""
    with opened(home, tenant, plugin, source, most=MAX_BYTES):
        pass


def restore(home: Installation, tenant: Tenant, plugin: str, source: Path) -> Back:
    """Bring a module's tables and files back as an archive holds them; harmless to repeat.

    Raises :class:`BadRequest` for an archive that is not this module's and tenant's, :class:`Conflict` where the
    tables hold rows already, or where rows point at what is gone.
    """
    item = _component(plugin)
    with opened(home, tenant, plugin, source) as (archive, about):
        try:
            steps = install_steps(item, about.revision)
        except UnknownRevision as error:
            raise BadRequest(code="archive.other_version") from error
        # Whoever holds an archive of the whole tenant could have signed this one as well.
        own = {name for step in steps for name in step.created} | {table.name for table in item.tables()}
        if not about.tables.keys() <= own:
            raise signed_archive.Foreign
        with _connect(home.settings, tenant) as connection:
            if _make_room(connection, home.settings, tenant, item, source.name):
                archive_files.read_files(archive, home.files / tenant.schema)
                upgrade_schema(
                    connection, item, tenant.schema, settings=home.settings, version=None, steps=steps
                )
                with connection.transaction():
                    _enter(connection, home.settings, tenant)
                    _fill(connection, archive, about.tables)
                    mark = sql.SQL("COMMENT ON TABLE {} IS {}")
                    connection.execute(mark.format(sql.Identifier(item.version_table), source.name))
    return Back(version=about.plugin_version, left=about.left, taken_at=about.taken_at)


def _make_room(
    connection: psycopg.Connection, settings: DatabaseSettings, tenant: Tenant, item: Component, name: str
) -> bool:
    """Remove empty tables, which may be of another version than the archive; False where its rows are back already."""
    with connection.transaction():
        _enter(connection, settings, tenant)
        found = connection.execute(
            "SELECT obj_description(to_regclass(%s), 'pg_class')", [item.version_table]
        ).fetchone()
        if found == (name,):
            return False
        if versions(connection, item, [tenant.schema])[tenant.schema] is not None:
            tables = _present(connection, item)
            _lock(connection, tables, "ACCESS EXCLUSIVE")
            for table in tables:
                asked = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table.name))
                if connection.execute(asked).fetchone() != (False,):
                    raise Conflict(code="archive.rows", detail=ROWS)
            _drop(connection, item, tables)
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


def _names(tables: Sequence[Table]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)


def _lock(connection: psycopg.Connection, tables: Sequence[Table], mode: str) -> None:
    if tables:
        connection.execute(sql.SQL("LOCK TABLE {} IN {} MODE").format(_names(tables), sql.SQL(mode)))


def _drop(connection: psycopg.Connection, item: Component, tables: Sequence[Table]) -> None:
    if tables:
        connection.execute(sql.SQL("DROP TABLE {}").format(_names(tables)))
    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(item.version_table)))


def _write(
    connection: psycopg.Connection,
    tables: Sequence[Table],
    target: Path,
    about: Mapping[str, Any],
    *,
    home: Installation,
    tenant: Tenant,
) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.partial")
    columns, parts = {}, {}
    with zipfile.ZipFile(
        draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
    ) as archive:
        for table in tables:
            columns[table.name] = [c.name for c in table.columns if c.computed is None]
            name = f"tables/{table.name}.copy"
            parts[name] = signed_archive.write_part(
                archive, name, _rows(connection, table, columns[table.name])
            )
        for digest in archive_files.write_files(
            archive, home.files / tenant.schema, _mentioned(connection, tables)
        ):
            parts[f"{archive_files.FILES}/{digest}"] = digest
        cipher = home.keyring.cipher(tenant.key)
        signed_archive.sign(archive, {**about, "tables": columns, "parts": parts}, cipher)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)


def _rows(connection: psycopg.Connection, table: Table, names: Sequence[str]) -> Iterator[bytes]:
    query = sql.SQL("COPY {} ({}) TO STDOUT").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor().copy(query) as rows:
        for chunk in rows:
            yield bytes(chunk)


def _mentioned(connection: psycopg.Connection, tables: Sequence[Table]) -> list[str]:
    """The digests of stored files that rows mention."""
    asked = [
        sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column.name), sql.Identifier(table.name))
        for table in tables
        for column in table.columns
        if column.name.endswith(SUFFIX)
    ]
    found = connection.execute(sql.SQL(" UNION ").join(asked)) if asked else ()
    return sorted(row[0] for row in found if row[0] is not None)


def _fill(
    connection: psycopg.Connection, archive: zipfile.ZipFile, columns: Mapping[str, Sequence[str]]
) -> None:
    # In the order of the archive, which has those first that others point at.
    for table, names in columns.items():
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        try:
            with archive.open(f"tables/{table}.copy") as rows, connection.cursor().copy(query) as target:
                while chunk := rows.read(CHUNK):
                    target.write(chunk)
        except psycopg.errors.ForeignKeyViolation as error:
            raise Conflict(code="archive.dangling", detail=str(error.diag.message_detail)) from error
