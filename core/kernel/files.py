"""Keep uploaded bytes in a folder per tenant, under the digest of their content.

Owns: the layout `<root>/<tenant schema>/<sha256>`, sniffing, the size limit, the headers of a download. Folders in
a tenant's are somebody else's, and go with the tenant.
Never does: trust a client's file name or media type, join a name from outside into a path, remember who owns
a file (that is a row of the tenant's).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import shutil
import time
import unicodedata
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import quote

import filetype

from core.kernel.errors import Invalid, NotFound, Unavailable
from core.kernel.i18n import N_
from core.kernel.ids import opaque
from core.kernel.mentions import is_mentioned

_TENANT = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CHUNK_BYTES = 256 * 1024
_HEAD_BYTES = 8 * 1024
_SWEPT_AT_ONCE = 500
_BY_EXTENSION_TEXT = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
}
_BY_EXTENSION_ZIP = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

Mentioned = Callable[[Sequence[str]], Awaitable[Collection[str]]]
"""Tells which of some digests a row of the tenant mentions."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored; `key` is `<tenant schema>/<sha256>`, `name` the client's name made safe to show."""

    sha256: str
    size_bytes: int
    media_type: str
    key: str
    name: str


class Store:
    """The files of all tenants of one installation; each call reaches one tenant's only."""

    def __init__(self, root: Path, *, max_bytes: int = 50 * 1024 * 1024) -> None:
        self._root = root
        self._max_bytes = max_bytes

    async def save(
        self,
        tenant_schema: str,
        stream: AsyncIterable[bytes] | bytes,
        name: str,
        *,
        max_bytes: int | None = None,
    ) -> Stored:
        """Store the stream durably and return its digest, size and sniffed type.

        Call it before the row that mentions it is committed; what no row mentions is swept later. Raises
        Invalid (`file.too_large`) before more than the limit is written, Unavailable on a full disk.
        """
        folder = self._folder(tenant_schema)
        limit = self._max_bytes if max_bytes is None else max_bytes
        partial = folder / f".part-{opaque()}"
        try:
            sha256, size, head = await _write(partial, stream, limit)
            await asyncio.to_thread(_settle, partial, folder / sha256)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Unavailable(30) from error
            raise
        finally:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
        shown = safe_name(name)
        return Stored(sha256, size, sniff(head, shown), f"{tenant_schema}/{sha256}", shown)

    def path(self, tenant_schema: str, sha256: str) -> Path:
        """Return where the file lies; raise NotFound where this tenant has no such file."""
        path = self._folder(tenant_schema) / _digest(sha256)
        if not path.is_file() or path.is_symlink():
            raise NotFound
        return path

    async def open(self, tenant_schema: str, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content in chunks; raise NotFound where this tenant has no such file."""
        async for chunk in chunks(self.path(tenant_schema, sha256)):
            yield chunk

    async def read(self, tenant_schema: str, sha256: str) -> bytes:
        """Return the whole content, for small files."""
        return await asyncio.to_thread(self.path(tenant_schema, sha256).read_bytes)

    async def delete(self, tenant_schema: str, sha256: str) -> None:
        """Remove the bytes; only when no row of the tenant mentions them. Idempotent."""
        path = self._folder(tenant_schema) / _digest(sha256)
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def delete_tenant(self, tenant_schema: str) -> None:
        """Remove everything of one tenant. Idempotent."""
        await asyncio.to_thread(shutil.rmtree, self._folder(tenant_schema), ignore_errors=True)

    async def sweep(self, tenant_schema: str, mentioned: Mentioned, *, older_than_s: float = 86_400) -> int:
        """Remove files that no row mentions and that are older than `older_than_s`; return how many.

        `mentioned` is asked about some digests at a time. What is stored again meanwhile is young, and stays.
        """
        folder, before, removed = self._folder(tenant_schema), time.time() - older_than_s, 0
        old = await asyncio.to_thread(_older, folder, before)
        for start in range(0, len(old), _SWEPT_AT_ONCE):
            some = old[start : start + _SWEPT_AT_ONCE]
            kept = await mentioned(some)
            gone = [name for name in some if name not in kept]
            removed += await asyncio.to_thread(_remove, folder, gone, before)
        return removed

    def _folder(self, tenant_schema: str) -> Path:
        if not _TENANT.fullmatch(tenant_schema):
            raise ValueError("not the name of a tenant schema")
        return self._root / tenant_schema


def sniff(head: bytes, name: str) -> str:
    """Return the media type that the first bytes show; the name only tells kinds of text and Office apart."""
    extension = PurePosixPath(name).suffix.lower()
    kind = filetype.guess(head)
    if kind is not None:
        found = str(kind.mime)
        return _BY_EXTENSION_ZIP.get(extension, found) if found == "application/zip" else found
    if _is_text(head):
        return _BY_EXTENSION_TEXT.get(extension, "text/plain")
    return "application/octet-stream"


def safe_name(name: str) -> str:
    """Return the last part of a file name without anything that a file system or a reader stumbles over."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    # Format characters go too: a right-to-left override shows "exe.pdf" for "fdp.exe".
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*')
    kept = re.sub(r"\s+", " ", kept).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if not dot or len(extension) > 16:
        stem, dot, extension = kept, "", ""
    return (stem[: 180 - len(extension)] + dot + extension) or "file"


def download_headers(name: str, media_type: str) -> dict[str, str]:
    """Return the headers under which stored bytes may leave: an attachment that no browser runs."""
    shown = safe_name(name)
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", shown)
    kind = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    return {
        "Content-Type": kind if re.fullmatch(r"[\w.+/;= -]+", kind, re.ASCII) else "application/octet-stream",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    }


def _digest(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise NotFound
    return sha256


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The head may end in the middle of a character.
        return error.reason == "unexpected end of data" and error.start >= len(head) - 3
    return True


async def _write(partial: Path, stream: AsyncIterable[bytes] | bytes, limit: int) -> tuple[str, int, bytes]:
    """Write the stream to a new file, synced; return digest, size and the first bytes."""
    digest, size, head = hashlib.sha256(), 0, b""
    descriptor = await asyncio.to_thread(_create, partial)
    with os.fdopen(descriptor, "wb", buffering=_CHUNK_BYTES) as file:
        async for chunk in _chunks(stream):
            size += len(chunk)
            if size > limit:
                raise Invalid.field(
                    "file",
                    "file.too_large",
                    N_("The file is larger than {limit_mb} MB."),
                    limit_mb=limit // 2**20,
                )
            if len(head) < _HEAD_BYTES:
                head = (head + chunk)[:_HEAD_BYTES]
            digest.update(chunk)
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(_sync, file)
    return digest.hexdigest(), size, head


async def _chunks(stream: AsyncIterable[bytes] | bytes) -> AsyncIterator[bytes]:
    """Yield pieces of about one chunk, so that a dripping stream costs few turns of the thread pool."""
    if isinstance(stream, bytes):
        for start in range(0, len(stream), _CHUNK_BYTES):
            yield stream[start : start + _CHUNK_BYTES]
        return
    pending = bytearray()
    async for piece in stream:
        pending += piece
        if len(pending) >= _CHUNK_BYTES:
            yield bytes(pending)
            pending.clear()
    if pending:
        yield bytes(pending)


def _create(partial: Path) -> int:
    partial.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _settle(partial: Path, final: Path) -> None:
    """Give the synced file its name; replacing equal bytes makes them young again for the sweep."""
    partial.replace(final)
    folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _older(folder: Path, before: float) -> list[str]:
    with os.scandir(folder) if folder.is_dir() else contextlib.nullcontext(()) as entries:
        files = [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]
        return [entry.name for entry in files if entry.stat(follow_symlinks=False).st_mtime < before]


def _remove(folder: Path, names: Collection[str], before: float) -> int:
    removed = 0
    for path in (folder / name for name in names):
        with contextlib.suppress(FileNotFoundError):
            if path.stat(follow_symlinks=False).st_mtime < before:
                path.unlink()
                removed += 1
    return removed


async def chunks(path: Path) -> AsyncIterator[bytes]:
    """Yield what a file holds, some at a time."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk


async def forget(run: Any, forgetting: Callable[[Any], Awaitable[Collection[str]]]) -> None:
    """Carry out a job that forgets rows and then removes their bytes; ``forgetting`` gives the digests."""

    async def step(ctx: Any) -> None:
        run.state["digests"] = list(await forgetting(ctx))

    await run.step("forget", step)
    async with run.open() as ctx:
        store, schema = ctx.machinery.files, ctx.tenant.schema
        # Taken up again later, the same bytes may have come in anew.
        gone = [one for one in run.state["digests"] if not await is_mentioned(ctx.session, one)]
    for digest in gone:
        await store.delete(schema, digest)
