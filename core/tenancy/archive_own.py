"""Archives that this installation wrote come back as tenants of their own, beside whatever is there.

Owns no table. Emits nothing. Never takes what another installation wrote, or somebody changed: its operator may, who
knows where it comes from. A tenant that is being filled is closed and has no address.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

import psycopg

from core.kernel.errors import AppError, BadRequest, Invalid
from core.kernel.i18n import N_
from core.tenancy import archive_files, signed_archive
from core.tenancy.archive import FORMAT, Installation, key_of, load, steps_to
from core.tenancy.components import components
from core.tenancy.directory import Tenant
from core.tenancy.provisioning import drop, make_draft

MOST_BYTES: Final = 4 * 1024**3
"""How much may be in an archive once it is unpacked."""
DRAFT_KEPT: Final = timedelta(hours=6)
"""After so long what a killed attempt left is removed; none takes that long."""
LEFT_OUT: Final = frozenset({"idempotency", "circuit"})
"""What was answered to requests of others, and which modules rested: nothing of it is true of the new tenant."""

FOREIGN: Final = N_(
    "This archive was not written by this installation, or it was changed since. The operator can read it in."
)
DAMAGED: Final = N_("This archive is damaged: it was written here, but not all of it is as it was.")
OTHER_VERSION: Final = N_(
    "This archive was made by a version that is not known here, most likely a newer one."
)
MODULES_GONE: Final = N_("This archive holds data of modules that are not installed here: {modules}.")
PASSPHRASE: Final = N_("This passphrase does not open the archive.")

_SPOILT: Final = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError, KeyError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What an archive says of the tenant that it holds; ``key`` as this installation wraps it."""

    slug: str
    name: str
    locale: str
    timezone: str
    currency: str
    country: str
    exported_at: datetime
    plugins: tuple[dict[str, Any], ...]
    key: bytes = b""


def check(home: Installation, source: IO[bytes], passphrase: str) -> Coming:
    """Refuse what is none of our archives, or not to be read with this passphrase or this version; parts come later.

    Raises :class:`Invalid` for the passphrase, :class:`BadRequest` for the archive, in the reader's words.
    """
    with _refusing(), signed_archive.signed(source, home.keyring, most=MOST_BYTES) as (_, manifest):
        _check_versions(manifest)
        try:
            return _coming(manifest, key_of(home, manifest, passphrase))
        except BadRequest as error:
            raise Invalid.field("passphrase", "wrong", PASSPHRASE) from error


def read(home: Installation, source: Path) -> Coming:
    """What an archive says that was checked before."""
    with _refusing(), signed_archive.signed(source, home.keyring) as (_, manifest):
        return _coming(manifest)


def draft(home: Installation, tenant_id: UUID, key: bytes) -> Tenant:
    """Make the empty tenant that an archive goes into; it is removed by itself unless somebody opens it."""
    return make_draft(home.settings, tenant_id, key, kept=DRAFT_KEPT)


def fill(home: Installation, source: Path, tenant: Tenant) -> Iterator[tuple[int, int]]:
    """Fill an empty tenant from an archive of which every byte is as it was; gives how far it is.

    What is left out are secrets, which open only for the tenant that they were sealed for, and what removed modules
    left, which is bound to it as well.
    """
    with _refusing(), signed_archive.checked(source, home.keyring, most=MOST_BYTES) as (archive, manifest):
        _check_versions(manifest)
        total = sum(map(len, manifest["tables"].values())) - len(LEFT_OUT) + 1
        yield 0, total
        for done, _ in enumerate(load(home.settings, archive, manifest, tenant, without=LEFT_OUT), 1):
            yield done, total
        archive_files.read_files(archive, home.files / tenant.schema)
        yield total, total


def discard(home: Installation, tenant: Tenant) -> None:
    """Remove a tenant that nobody was let into, with its files; harmless to repeat."""
    drop(home.settings, tenant)
    shutil.rmtree(home.files / tenant.schema, ignore_errors=True)


@contextmanager
def _refusing() -> Iterator[None]:
    """Say in the reader's words what is wrong with an archive."""
    try:
        yield
    except signed_archive.Changed as error:
        raise BadRequest(code="archive.damaged", detail=DAMAGED) from error
    except signed_archive.Foreign as error:
        raise BadRequest(code="archive.foreign", detail=FOREIGN) from error
    except (*_SPOILT, zipfile.BadZipFile) as error:
        raise BadRequest(code="archive.damaged", detail=DAMAGED) from error
    except AppError as error:
        if error.code == "archive.broken" and not error.detail:
            raise BadRequest(code="archive.damaged", detail=DAMAGED) from error
        raise


def _check_versions(manifest: dict[str, Any]) -> None:
    known = {item.key: item for item in components() if item.schema is None}
    gone = sorted(set(manifest["components"]) - set(known))
    if gone:
        raise BadRequest(code="archive.modules", detail=MODULES_GONE, params={"modules": ", ".join(gone)})
    try:
        if manifest["format"] != FORMAT:
            raise BadRequest(code="archive.other_version")
        for key, version in manifest["components"].items():
            steps_to(known[key], version)
    except BadRequest as error:
        raise BadRequest(code="archive.other_version", detail=OTHER_VERSION) from error


def _coming(manifest: dict[str, Any], key: bytes = b"") -> Coming:
    about = {name: value for name, value in manifest["tenant"].items() if name != "id"}
    at = datetime.fromisoformat(manifest["exported_at"])
    return Coming(**about, exported_at=at, plugins=tuple(manifest["plugins"]), key=key)
