"""Bytes go into archives under their digests and come back only as what they say they are."""

import hashlib
import os
import zipfile

import pytest

from core.kernel.errors import BadRequest
from core.tenancy.archive_files import read_files, stored, write_files

CONTENT = b"contract"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def packed(path, **parts):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(f"files/{name}", content)
    return zipfile.ZipFile(path)


def test_only_files_with_a_digest_for_a_name_go_in(tmp_path):
    (tmp_path / DIGEST).write_bytes(CONTENT)
    (tmp_path / ".part-x").write_bytes(b"half")
    (tmp_path / "modules").mkdir()
    (tmp_path / ("0" * 64)).symlink_to(tmp_path / DIGEST)
    assert stored(tmp_path) == [DIGEST]
    assert stored(tmp_path / "nowhere") == []
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        assert write_files(archive, tmp_path, [DIGEST, "f" * 64, "0" * 64, "../etc/passwd", "modules"]) == [
            DIGEST
        ]
        assert archive.namelist() == [f"files/{DIGEST}"]


def test_what_is_there_is_not_written_again_and_becomes_young(tmp_path):
    folder = tmp_path / "t"
    with packed(tmp_path / "a.zip", **{DIGEST: CONTENT}) as archive:
        read_files(archive, folder)
        assert (folder / DIGEST).read_bytes() == CONTENT
        os.utime(folder / DIGEST, (0, 0))
        before = (folder / DIGEST).stat()
        read_files(archive, folder)
    after = (folder / DIGEST).stat()
    assert after.st_ino == before.st_ino
    assert after.st_mtime > 1_000_000_000


def test_bytes_with_another_digest_leave_nothing(tmp_path):
    with packed(tmp_path / "a.zip", **{DIGEST: b"other"}) as archive, pytest.raises(BadRequest):
        read_files(archive, tmp_path / "t")
    assert list((tmp_path / "t").iterdir()) == []
