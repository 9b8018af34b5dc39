"""Archives that only one key can have written, a workspace's or the installation's: a manifest names every part.

Owns the parts ``manifest.json`` and ``signature``. Emits nothing.
Never believes a word of a manifest that the key did not sign.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any, Final, Protocol

from core.kernel.errors import BadRequest
from core.kernel.i18n import N_
from core.tenancy.archive_files import CHUNK

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature"
MAX_MANIFEST_BYTES: Final = 32 * 1024**2
MAX_DIRECTORY_BYTES: Final = 16 * 1024**2
_PURPOSE: Final = "archive"
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    FileNotFoundError,
)


class Signer(Protocol):
    """Whose key it is: a workspace's cipher, or the installation's ring."""

    def digest(self, plain: str, purpose: str) -> bytes: ...


class Foreign(BadRequest):
    """The archive was not written here, or it was changed since."""

    def __init__(self) -> None:
        super().__init__(
            code="archive.unknown",
            detail=N_("This archive was not written here for this workspace, or it was changed since."),
        )


class Changed(Foreign):
    """The manifest was written here, and something of what it names is not as it was."""


def write_part(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> str:
    """Put a part into an archive; gives its digest, for the manifest."""
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def sign(archive: zipfile.ZipFile, about: dict[str, Any], signer: Signer) -> None:
    """Put the manifest, whose ``parts`` name all others with their digests, and its signature into an archive."""
    text = json.dumps(about, ensure_ascii=False)
    archive.writestr(MANIFEST, text)
    archive.writestr(SIGNATURE, signer.digest(text, _PURPOSE).hex())


@contextmanager
def signed(
    source: Path | IO[bytes], signer: Signer, *, most: int | None = None
) -> Iterator[tuple[zipfile.ZipFile, Any]]:
    """Open an archive whose manifest was signed; gives it with that. Its parts are yet to be checked.

    Raises :class:`BadRequest` where it is no archive, holds more than ``most`` bytes, or is not ours.
    """
    if most is not None:
        _refuse_endless(source)
    try:
        archive = zipfile.ZipFile(source)
    except _BROKEN as error:
        raise _broken() from error
    with archive:
        try:
            about = _manifest(archive, signer, most)
        except _BROKEN as error:
            raise _broken() from error
        yield archive, about


@contextmanager
def checked(
    source: Path | IO[bytes], signer: Signer, *, most: int | None = None
) -> Iterator[tuple[zipfile.ZipFile, Any]]:
    """Open an archive of which every byte is as it was signed; gives it with its manifest.

    Raises as :func:`signed` does, :class:`Changed` where a part is not as it was.
    """
    with signed(source, signer, most=most) as (archive, about):
        try:
            _check_parts(archive, about["parts"])
        except _BROKEN as error:
            raise Changed from error
        yield archive, about


def _refuse_endless(source: Path | IO[bytes]) -> None:
    """Refuse an archive whose list of parts alone would fill the memory, before anything of it is read."""
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        # What the library itself goes by: any other reading of the same bytes might come to another size.
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if end is not None and end[zipfile._ECD_SIZE] > MAX_DIRECTORY_BYTES:  # type: ignore[attr-defined]
        raise BadRequest(
            code="archive.too_large", detail=N_("This archive names more files than can be read in here.")
        )


def _manifest(archive: zipfile.ZipFile, signer: Signer, most: int | None) -> dict[str, Any]:
    infos = archive.infolist()
    if most is not None and sum(info.file_size for info in infos) > most:
        raise BadRequest(
            code="archive.too_large",
            detail=N_("This archive holds more than {most_gb} GB."),
            params={"most_gb": most // 1024**3},
        )
    sizes = {info.filename: info.file_size for info in infos}
    if not {MANIFEST, SIGNATURE} <= set(sizes):
        raise Foreign
    if sizes[MANIFEST] > MAX_MANIFEST_BYTES or sizes[SIGNATURE] != 64 or len(sizes) != len(infos):
        raise Foreign
    if any(info.compress_type not in _METHODS for info in infos):
        raise Foreign
    try:
        text = archive.read(MANIFEST).decode()
    except UnicodeDecodeError as error:
        raise Foreign from error
    if not hmac.compare_digest(signer.digest(text, _PURPOSE).hex().encode(), archive.read(SIGNATURE)):
        raise Foreign
    # What follows is ours: only a right signature leads here.
    about: dict[str, Any] = json.loads(text)
    return about


def _check_parts(archive: zipfile.ZipFile, parts: dict[str, str]) -> None:
    if {info.filename for info in archive.infolist()} != {*parts, MANIFEST, SIGNATURE}:
        raise Changed
    for name, digest in parts.items():
        with archive.open(name) as part:
            if _digest(part) != digest:
                raise Changed


def _digest(part: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := part.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _broken() -> BadRequest:
    return BadRequest(code="archive.broken", detail=N_("This is no archive, or only a part of one."))
