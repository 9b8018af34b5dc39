"""The bytes in archives: stored files under their digests, and the archives that removed modules left.

Owns the places ``files/<sha256>`` and ``modules/<name>`` in an archive. Emits nothing.
Never takes a name from an archive unchecked, and no bytes for a digest that they do not have.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

from core.kernel.errors import BadRequest
from core.kernel.ids import opaque

CHUNK: Final = 1 << 20
FILES: Final = "files"
MODULES: Final = "modules"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MODULE_ARCHIVE: Final = re.compile(r"[a-z][a-z0-9_.]{0,100}-[0-9a-f-]{36}\.zip", re.ASCII)


def stored(folder: Path) -> list[str]:
    """The digests of all files of a tenant."""
    paths = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in paths if _is_file(path) and _DIGEST.fullmatch(path.name))


def write_files(archive: zipfile.ZipFile, folder: Path, digests: Iterable[str]) -> list[str]:
    """Put a tenant's files into an archive; gives the digests of those that are there."""
    found = [digest for digest in digests if _DIGEST.fullmatch(digest) and _is_file(folder / digest)]
    for digest in found:
        archive.write(folder / digest, f"{FILES}/{digest}", zipfile.ZIP_STORED)
    return found


def read_files(archive: zipfile.ZipFile, folder: Path) -> None:
    """Bring files back that are not there; those that are become young again, so that no sweep takes them."""
    for info in archive.infolist():
        place, _, name = info.filename.partition("/")
        if place != FILES:
            continue
        if not _DIGEST.fullmatch(name):
            raise BadRequest(code="archive.broken")
        try:
            os.utime(folder / name)
        except FileNotFoundError:
            with archive.open(info) as source:
                _settle(source, folder / name, digest=name)


def write_modules(archive: zipfile.ZipFile, folder: Path) -> dict[str, str]:
    """Put what removed modules left into an archive; gives the parts with their digests."""
    kept, parts = folder / MODULES, {}
    for path in sorted(kept.iterdir()) if kept.is_dir() else ():
        if _is_file(path) and _MODULE_ARCHIVE.fullmatch(path.name):
            archive.write(path, f"{MODULES}/{path.name}", zipfile.ZIP_STORED)
            with path.open("rb") as file:
                parts[f"{MODULES}/{path.name}"] = hashlib.file_digest(file, "sha256").hexdigest()
    return parts


def read_modules(archive: zipfile.ZipFile, folder: Path) -> None:
    """Bring back what removed modules left."""
    for info in archive.infolist():
        place, _, name = info.filename.partition("/")
        if place == MODULES:
            if not _MODULE_ARCHIVE.fullmatch(name):
                raise BadRequest(code="archive.broken")
            with archive.open(info) as source:
                _settle(source, folder / MODULES / name)


def _settle(source: IO[bytes], target: Path, *, digest: str = "") -> None:
    """Write a file whole or not at all, and only with the ``digest`` that it has to have."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f".part-{opaque()}")
    found = hashlib.sha256()
    try:
        with partial.open("xb") as file:
            while chunk := source.read(CHUNK):
                found.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if digest and found.hexdigest() != digest:
            raise BadRequest(code="archive.broken")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
