from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import os
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from core.kernel import files
from core.kernel.errors import Invalid, NotFound, Unavailable
from core.kernel.files import Store, download_headers, safe_name, sniff

ANN, ZED = "t_aaaaaaaaaaaa", "t_zzzzzzzzzzzz"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files", max_bytes=1000)


async def drip(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def everything(store: Store) -> list[str]:
    return sorted(str(p.relative_to(store._root)) for p in store._root.rglob("*") if p.is_file())


async def test_stores_under_the_digest(store: Store):
    stored = await store.save(ANN, drip(PNG[:3], PNG[3:]), "C:\\pictures\\logo.png")
    digest = hashlib.sha256(PNG).hexdigest()
    assert (stored.sha256, stored.size_bytes, stored.media_type) == (digest, len(PNG), "image/png")
    assert (stored.key, stored.name) == (f"{ANN}/{digest}", "logo.png")
    assert await store.read(ANN, digest) == PNG
    assert b"".join([chunk async for chunk in store.open(ANN, digest)]) == PNG
    assert (await store.save(ANN, PNG, "again.png")).key == stored.key
    assert everything(store) == [stored.key]
    assert store.path(ANN, digest).stat().st_mode & 0o777 == 0o600


async def test_tenants_do_not_reach_each_other(store: Store):
    stored = await store.save(ANN, PNG, "logo.png")
    for refused in (store.read(ZED, stored.sha256), anext(store.open(ZED, stored.sha256))):
        with pytest.raises(NotFound):
            await refused
    await store.delete(ZED, stored.sha256)
    assert await store.read(ANN, stored.sha256) == PNG


@pytest.mark.parametrize(
    "digest", ["", "..", "../" + ANN, "a" * 63, "A" * 64, f"../{ANN}/" + "a" * 64, "a" * 64 + "\n"]
)
async def test_refuses_what_is_no_digest(store: Store, digest: str):
    for call in (store.read, store.delete):
        with pytest.raises(NotFound):
            await call(ZED, digest)


@pytest.mark.parametrize("schema", ["", ".", "..", "a/b", "/etc", "T_X", "a\n", "a" * 64])
async def test_refuses_what_is_no_schema(store: Store, schema: str):
    with pytest.raises(ValueError, match="schema"):
        await store.save(schema, PNG, "x")


async def test_a_planted_link_is_not_followed(store: Store, tmp_path: Path):
    stored = await store.save(ANN, PNG, "x")
    (store._root / ZED).mkdir()
    (store._root / ZED / stored.sha256).symlink_to(store.path(ANN, stored.sha256))
    with pytest.raises(NotFound):
        await store.read(ZED, stored.sha256)


async def test_stops_at_the_limit_and_leaves_nothing(store: Store):
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(300 * 1024)

    with pytest.raises(Invalid) as caught:
        await store.save(ANN, endless(), "big.bin")
    assert caught.value.errors[0].code == "file.too_large"
    assert taken == 1
    assert everything(store) == []
    assert (await store.save(ANN, bytes(1000), "x")).size_bytes == 1000
    with pytest.raises(Invalid):
        await store.save(ANN, bytes(1001), "x")
    assert (await store.save(ANN, bytes(1001), "x", max_bytes=2000)).size_bytes == 1001


async def test_an_aborted_upload_leaves_nothing(store: Store):
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(500)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.save(ANN, broken(), "x")
    assert everything(store) == []


async def test_a_full_disk_is_not_our_error(store: Store, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(Unavailable):
        await store.save(ANN, PNG, "x")
    assert everything(store) == []


async def test_sweeps_only_old_and_unmentioned_files(store: Store):
    kept, orphan, young = [
        (await store.save(ANN, text, "x")).sha256 for text in (b"kept", b"orphan", b"young")
    ]
    for digest in (kept, orphan):
        os.utime(store.path(ANN, digest), (0, 0))

    async def mentioned(_: Sequence[str]) -> set[str]:
        return {kept}

    assert await store.sweep(ANN, mentioned) == 1
    assert everything(store) == sorted(f"{ANN}/{digest}" for digest in (kept, young))
    os.utime(store.path(ANN, young), (0, 0))
    await store.save(ANN, b"young", "used again")
    assert await store.sweep(ANN, mentioned) == 0
    assert await store.sweep("t_nobody", mentioned) == 0


async def test_the_sweep_passes_over_folders(store: Store):
    orphan = (await store.save(ANN, b"orphan", "x")).sha256
    kept = store.path(ANN, orphan).parent / "modules" / "loyalty.zip"
    kept.parent.mkdir()
    kept.write_bytes(b"an archive")
    for path in (kept, kept.parent, store.path(ANN, orphan)):
        os.utime(path, (0, 0))

    async def mentioned(_: Sequence[str]) -> set[str]:
        return set()

    assert await store.sweep(ANN, mentioned) == 1
    assert kept.read_bytes() == b"an archive"


async def test_deletes_once_and_again(store: Store):
    stored = await store.save(ANN, PNG, "x")
    for _ in range(2):
        await store.delete(ANN, stored.sha256)
    with pytest.raises(NotFound):
        store.path(ANN, stored.sha256)
    await store.save(ANN, PNG, "x")
    for _ in range(2):
        await store.delete_tenant(ANN)
    assert everything(store) == []


def _zip(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"%PDF-1.7", "a.exe", "application/pdf"),
        (b"<html><script>alert(1)</script>", "a.html", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "text/plain"),
        ("姓名,电话".encode(), "a.CSV", "text/csv"),
        ("姓名".encode() * 10 + "名".encode()[:2], "a.csv", "text/csv"),
        ("姓名".encode("gb18030"), "a.csv", "application/octet-stream"),
        (b"a\0b", "a.txt", "application/octet-stream"),
        (b"", "a", "text/plain"),
        (_zip("a.txt"), "a.zip", "application/zip"),
        (_zip("[Content_Types].xml", "xl/workbook.xml"), "a.bin", files._BY_EXTENSION_ZIP[".xlsx"]),
        (_zip("z.xml"), "a.xlsx", files._BY_EXTENSION_ZIP[".xlsx"]),
        (PNG, "a.html", "image/png"),
    ],
)
def test_sniffs(head: bytes, name: str, kind: str):
    assert sniff(head, name) == kind


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        ("", "file"),
        ("a\r\nSet-Cookie: b", "aSet-Cookie b"),
        ("\u202efdp.exe", "fdp.exe"),
        ("合同 2026.pdf", "合同 2026.pdf"),
        ('a"b<c>.txt', "abc.txt"),
        ("x" * 500 + ".pdf", "x" * 177 + ".pdf"),
        (".htaccess", "htaccess"),
    ],
)
def test_makes_names_safe(given: str, safe: str):
    assert safe_name(given) == safe


def test_downloads_are_attachments():
    headers = download_headers('合同"\r\n.pdf', "application/pdf")
    assert (
        headers["Content-Disposition"]
        == "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E5%90%88%E5%90%8C.pdf"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert download_headers("a", "text/plain")["Content-Type"] == "text/plain; charset=utf-8"
    assert download_headers("a", "text/html\r\nX: y")["Content-Type"] == "application/octet-stream"
