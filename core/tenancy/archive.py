"""One tenant as one archive: written by COPY in one snapshot, read into any installation with its ids kept.

Owns the archive's format: a ZIP of ``manifest.json``, ``tables/<component>/<table>.copy``, ``files/…`` and, of what
removed modules left, ``modules/…``; the installation that writes it signs it.
Emits nothing. Never runs SQL that an archive brings: it brings rows, and names that are checked.
"""

import json
import shutil
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, cast
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Table

from core.kernel.errors import BadRequest, Conflict
from core.kernel.ids import opaque, uuid7
from core.kernel.secrets import KeyRing, SealBrokenError
from core.tenancy import archive_files, signed_archive
from core.tenancy.archive_files import CHUNK, FILES
from core.tenancy.components import Component, components
from core.tenancy.directory import Tenant
from core.tenancy.migrations import Step, UnknownRevision
from core.tenancy.provisioning import drop, make_schema
from core.tenancy.runner import install_steps, upgrade_schema, versions
from core.tenancy.settings import DatabaseSettings

FORMAT: Final = 1
MAX_MANIFEST_BYTES: Final = 256 * 1024**2
"""It names every file; the operator, who reads an archive in, knows where it comes from."""
_UNDER_WAY: Final = (
    b"UPDATE job_run SET state = 'cancelled', finished_at = now() WHERE state IN ('waiting', 'running')"
)
"""Jobs do not come along: those that were under way, of which making a sandbox is one, can be asked for again."""
_KEPT: Final = ("name", "locale", "timezone", "currency", "country")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where tenants live: their databases, their keys, their files."""

    settings: DatabaseSettings
    keyring: KeyRing
    files: Path


def export_tenant(home: Installation, tenant: Tenant, target: Path, *, passphrase: str) -> dict[str, Any]:
    """Write a tenant into an archive, its key wrapped under a passphrase; gives the manifest.

    All tables are of one instant. The archive appears whole or not at all.
    """
    draft = target.with_name(f"{target.name}.partial")
    salt = opaque()
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "exported_at": datetime.now(UTC).isoformat(),
        "tenant": {"id": str(tenant.id), "slug": tenant.slug} | {key: getattr(tenant, key) for key in _KEPT},
        "salt": salt,
        "key": home.keyring.rewrap(tenant.key, _passphrase_ring(passphrase, salt)).hex(),
        "components": {},
        "tables": {},
    }
    parts: dict[str, str] = {}
    dsn = home.settings.dsn(home.settings.migrate, tenant.cell)
    with zipfile.ZipFile(
        draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
    ) as archive:
        with psycopg.connect(dsn) as connection:
            _enter(connection, home.settings, tenant.schema)
            for item, version in _installed(connection, tenant.schema):
                manifest["components"][item.key] = version
                manifest["tables"][item.key] = {
                    table.name: _write_table(archive, connection, item, table, parts)
                    for table in item.tables()
                }
        manifest["plugins"] = _plugins(home.settings, tenant)
        folder = home.files / tenant.schema
        files = archive_files.write_files(archive, folder, archive_files.stored(folder))
        manifest["files"] = len(files)
        parts |= {f"{FILES}/{digest}": digest for digest in files}
        parts |= archive_files.write_modules(archive, folder)
        signed_archive.sign(archive, {**manifest, "parts": parts}, home.keyring)
    draft.replace(target)
    return manifest


def import_tenant(
    home: Installation,
    source: Path,
    *,
    passphrase: str,
    slug: str | None = None,
    as_copy: bool | Literal["sandbox"] = False,
    cell: str = "main",
) -> UUID:
    """Read an archive into a schema of its own, brought to the newest revision; gives the tenant's id.

    ``as_copy`` gives the tenant a new id beside the live one; its sealed secrets are bound to the old id and
    do not open there, and what removed modules left stays with the live one. As a ``"sandbox"`` it is that of
    the live one from its first instant: it must never write to anybody. Raises
    :class:`Conflict` when id or slug is in use, :class:`BadRequest` for a broken archive or a wrong
    passphrase. A failed import leaves nothing.
    """
    with zipfile.ZipFile(source) as archive:
        manifest = read_manifest(archive)
        old = UUID(manifest["tenant"]["id"])
        wanted = slug or manifest["tenant"]["slug"]
        key = key_of(home, manifest, passphrase)
        tenant_id = uuid7() if as_copy else old
        _refuse_taken(home.settings, tenant_id, wanted)
        schema, number = make_schema(home.settings, cell)
        made = Tenant(id=tenant_id, slug=wanted, name="", schema=schema, cell=cell, slice=number, key=key)
        try:
            for _ in load(home.settings, archive, manifest, made):
                pass
            archive_files.read_files(archive, home.files / schema)
            if not as_copy:
                archive_files.read_modules(archive, home.files / schema)
            _register(home.settings, manifest, made, as_copy)
        except BaseException as error:
            drop(home.settings, made)
            shutil.rmtree(home.files / schema, ignore_errors=True)
            if isinstance(error, psycopg.errors.UniqueViolation):
                raise Conflict(code="tenant.slug_taken") from error
            if isinstance(error, (psycopg.Error, KeyError, zipfile.BadZipFile)):
                raise BadRequest(code="archive.broken", detail=str(error)) from error
            raise
    return tenant_id


def key_of(home: Installation, manifest: dict[str, Any], passphrase: str) -> bytes:
    """The tenant's key as this installation wraps it; raises :class:`BadRequest` for a wrong passphrase."""
    try:
        ring = _passphrase_ring(passphrase, manifest["salt"])
        return ring.rewrap(bytes.fromhex(manifest["key"]), home.keyring)
    except (SealBrokenError, ValueError) as error:
        raise BadRequest(code="archive.passphrase") from error


def read_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Read and check what an archive says of itself."""
    try:
        info = archive.getinfo("manifest.json")
        if info.file_size > MAX_MANIFEST_BYTES:
            raise ValueError("too long")
        manifest = json.loads(archive.read(info))
        UUID(manifest["tenant"]["id"])
        known = {item.key for item in components() if item.schema is None}
        is_known = (
            manifest["format"] == FORMAT
            and set(manifest["components"]) == set(manifest["tables"]) <= known
            and {"salt", "key", "files", "plugins"} <= set(manifest)
        )
    except (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise BadRequest(code="archive.broken") from error
    if not is_known:
        raise BadRequest(code="archive.unknown")
    return cast(dict[str, Any], manifest)


def _passphrase_ring(passphrase: str, salt: str) -> KeyRing:
    return KeyRing(Scrypt(salt=salt.encode(), length=32, n=2**15, r=8, p=1).derive(passphrase.encode()))


def _enter(connection: psycopg.Connection, settings: DatabaseSettings, schema: str) -> None:
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    _take_path(connection, settings, schema)


def _take_path(connection: psycopg.Connection, settings: DatabaseSettings, schema: str) -> None:
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(settings.owner)))
    connection.execute(sql.SQL("SET LOCAL search_path = {}, ext").format(sql.Identifier(schema)))


def _installed(connection: psycopg.Connection, schema: str) -> Iterator[tuple[Component, str]]:
    for item in components():
        if item.schema is None:
            version = versions(connection, item, [schema])[schema]
            if version is not None:
                yield item, version


def _write_table(
    archive: zipfile.ZipFile,
    connection: psycopg.Connection,
    item: Component,
    table: Table,
    parts: dict[str, str],
) -> list[str]:
    names = [column.name for column in table.columns if column.computed is None]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    query = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table.name), columns)
    name = f"tables/{item.key}/{table.name}.copy"
    with connection.cursor().copy(query) as rows:
        parts[name] = signed_archive.write_part(archive, name, map(bytes, rows))
    return names


def _plugins(settings: DatabaseSettings, tenant: Tenant) -> list[dict[str, Any]]:
    with psycopg.connect(settings.dsn(settings.control)) as control:
        rows = control.execute(
            "SELECT plugin, state, version, settings, secrets, disabled_at::text, archive "
            "FROM control.tenant_plugin WHERE tenant_id = %s",
            [tenant.id],
        ).fetchall()
    names = ("plugin", "state", "version", "settings", "secrets", "disabled_at", "archive")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _refuse_taken(settings: DatabaseSettings, tenant_id: UUID, slug: str) -> None:
    with psycopg.connect(settings.dsn(settings.control)) as control:
        found = control.execute(
            "SELECT id = %s FROM control.tenant WHERE id = %s OR slug = %s", [tenant_id, tenant_id, slug]
        ).fetchall()
    if found:
        is_same = any(row[0] for row in found)
        raise Conflict(code="tenant.exists" if is_same else "tenant.slug_taken")


def load(
    settings: DatabaseSettings,
    archive: zipfile.ZipFile,
    manifest: dict[str, Any],
    tenant: Tenant,
    *,
    without: Collection[str] = (),
) -> Iterator[str]:
    """Make the tables of a tenant as an archive has them, fill them and bring them up; gives each that is filled.

    The rows of those in ``without`` are left out.
    """
    with psycopg.connect(settings.dsn(settings.migrate, tenant.cell), autocommit=True) as connection:
        for item in components():
            if item.key not in manifest["components"] or item.schema is not None:
                continue
            version = manifest["components"][item.key]
            steps = steps_to(item, version)
            upgrade_schema(connection, item, tenant.schema, settings=settings, version=None, steps=steps)
            with connection.transaction():
                _take_path(connection, settings, tenant.schema)
                tables = manifest["tables"][item.key]
                _refuse_unknown(connection, item, tables)
                wanted = {name: tables[name] for name in tables if name not in without}
                yield from _copy_in(archive, connection, item, wanted)
            upgrade_schema(connection, item, tenant.schema, settings=settings, version=version)
        with connection.transaction():
            _take_path(connection, settings, tenant.schema)
            connection.execute(_UNDER_WAY)


def steps_to(item: Component, version: str) -> tuple[Step, ...]:
    """The steps to the version that an archive is of; raises :class:`BadRequest` for one that is unknown here."""
    try:
        return install_steps(item, version)
    except UnknownRevision as error:
        raise BadRequest(code="archive.other_version") from error


def _refuse_unknown(connection: psycopg.Connection, item: Component, tables: Collection[str]) -> None:
    """Let an archive fill tables of the tenant's own schema alone, whatever else the connection reaches."""
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    if not set(tables) <= {row[0] for row in found} - {item.version_table}:
        raise BadRequest(code="archive.broken")


def _copy_in(
    archive: zipfile.ZipFile, connection: psycopg.Connection, item: Component, tables: dict[str, list[str]]
) -> Iterator[str]:
    # Rows come table by table; foreign keys, some of which form circles, come back after the last.
    keys = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
    ).fetchall()
    for table, name, _ in keys:
        connection.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(name))
        )
    for name, names in tables.items():
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        query = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), columns)
        with archive.open(f"tables/{item.key}/{name}.copy") as rows:
            _pump(cast(BinaryIO, rows), connection, query)
        yield name
    for table, name, definition in keys:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                sql.SQL(table), sql.Identifier(name), sql.SQL(definition)
            )
        )


def _pump(source: BinaryIO, connection: psycopg.Connection, query: sql.Composed) -> None:
    with connection.cursor().copy(query) as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)


def _register(
    settings: DatabaseSettings, manifest: dict[str, Any], tenant: Tenant, as_copy: bool | Literal["sandbox"]
) -> None:
    about = manifest["tenant"]
    with psycopg.connect(settings.dsn(settings.control)) as control:
        control.execute(
            "INSERT INTO control.tenant (id, slug, schema, cell, slice, state, key, sandbox_of, claimed_at, "
            "name, locale, timezone, currency, country) "
            "VALUES (%s, %s, %s, %s, %s, 'active', %s, %s, now(), %s, %s, %s, %s, %s)",
            [
                tenant.id,
                tenant.slug,
                tenant.schema,
                tenant.cell,
                tenant.slice,
                tenant.key,
                about["id"] if as_copy == "sandbox" else None,
                *(about[key] for key in _KEPT),
            ],
        )
        for plugin in manifest["plugins"]:
            control.execute(
                "INSERT INTO control.tenant_plugin "
                "(tenant_id, plugin, state, version, settings, secrets, disabled_at, archive) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    tenant.id,
                    plugin["plugin"],
                    plugin["state"],
                    plugin["version"],
                    Jsonb(plugin["settings"]),
                    Jsonb(plugin["secrets"]),
                    plugin.get("disabled_at"),
                    "" if as_copy else plugin.get("archive", ""),
                ],
            )


__all__ = ["Installation", "export_tenant", "import_tenant", "key_of", "load", "read_manifest", "steps_to"]
