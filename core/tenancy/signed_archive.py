"""Archives that only this workspace's own key can have written: a manifest that names every part with its digest.

Owns the parts ``manifest.json`` and ``signature``. Emits nothing.
Never gives an archive out before all of it is checked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from core.kernel.errors import BadRequest
from core.kernel.i18n import N_
from core.kernel.secrets import Cipher
from core.tenancy.archive_files import CHUNK

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "signature"
MAX_MANIFEST_BYTES: Final = 32 * 1024**2
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


class Foreign(BadRequest):
    """The archive was not written here, or it was changed since."""

    def __init__(self) -> None:
        super().__init__(
            code="archive.unknown",
            detail=N_("This archive was not written here for this workspace, or it was changed since."),
        )


def write_part(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> str:
    """Put a part into an archive; gives its digest, for the manifest."""
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def sign(archive: zipfile.ZipFile, about: dict[str, Any], cipher: Cipher) -> None:
    """Put the manifest, whose ``parts`` name all others with their digests, and its signature into an archive."""
    text = json.dumps(about, ensure_ascii=False)
    archive.writestr(MANIFEST, text)
    archive.writestr(SIGNATURE, cipher.digest(text, _PURPOSE).hex())


@contextmanager
def checked(
    source: Path | IO[bytes], cipher: Cipher, *, most: int | None = None
) -> Iterator[tuple[zipfile.ZipFile, Any]]:
    """Open an archive of which every byte is as it was signed; gives it with its manifest.

    Raises :class:`BadRequest` where it is no archive, holds more than ``most`` bytes, or is not ours as it was.
    """
    try:
        archive = zipfile.ZipFile(source)
    except _BROKEN as error:
        raise _broken() from error
    with archive:
        try:
            about = _manifest(archive, cipher, most)
            _check_parts(archive, about["parts"])
        except _BROKEN as error:
            raise _broken() from error
        yield archive, about


def _manifest(archive: zipfile.ZipFile, cipher: Cipher, most: int | None) -> dict[str, Any]:
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
    if not hmac.compare_digest(cipher.digest(text, _PURPOSE).hex().encode(), archive.read(SIGNATURE)):
        raise Foreign
    # What follows is ours: only a right signature leads here.
    about: dict[str, Any] = json.loads(text)
    return about


def _check_parts(archive: zipfile.ZipFile, parts: dict[str, str]) -> None:
    if {info.filename for info in archive.infolist()} != {*parts, MANIFEST, SIGNATURE}:
        raise Foreign
    for name, digest in parts.items():
        with archive.open(name) as part:
            if _digest(part) != digest:
                raise Foreign


def _digest(part: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := part.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _broken() -> BadRequest:
    return BadRequest(code="archive.broken", detail=N_("This is no archive, or only a part of one."))
