"""A disk that fills: writing ends before the log does, nothing is lost, and room brings it back."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from core.embedded import disk, postgres
from core.embedded.home import Home
from tests.core.embedded.test_postgres import answers, wait_until


@pytest.fixture
def small(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of 600 MB of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = Path(tempfile.mkdtemp(prefix="gx-"))
    command = ["mount", "-t", "tmpfs", "-o", "size=600m,mode=700", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def insert(dsn: str, rows: int = 1) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO kept SELECT repeat('x', 500) FROM generate_series(1, %s)", [rows])


def count(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        return row[0] if row else 0


def can_write(dsn: str) -> bool:
    try:
        insert(dsn)
    except psycopg.Error:
        return False
    return True


def fill(folder: Path, left: int) -> Path:
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        while True:
            stat = os.statvfs(folder)
            # The server writes meanwhile: what was free a moment ago may not be.
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_frsize - left)
                return ballast


def test_writing_ends_before_the_disk_is_full_and_comes_back_with_room(small: Path):
    server = postgres.start(small / "home")
    try:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("CREATE TABLE kept (t text)")
        insert(server.dsn, 100)
        ballast = fill(small, disk.LOW - disk.MEGABYTE)
        wait_until(lambda: not can_write(server.dsn))
        before = count(server.dsn)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            insert(server.dsn)
        ballast.unlink()
        wait_until(lambda: can_write(server.dsn))
        assert count(server.dsn) == before + 1
    finally:
        server.stop()


def test_a_full_disk_loses_nothing_and_the_reserve_makes_room_for_recovery(small: Path):
    server = postgres.start(small / "home")
    try:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("CREATE TABLE kept (t text)")
        home = Home(small / "home")
        assert (home.path / "reserve").stat().st_size == disk.RESERVE
        ballast = fill(small, 0)
        confirmed = 0
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                insert(server.dsn, 1000)
                confirmed += 1000
            except psycopg.Error:
                if confirmed and answers(server.dsn):
                    break
                time.sleep(0.1)
        os.kill(server.pid, 9)
        wait_until(lambda: answers(server.dsn))
        assert count(server.dsn) >= confirmed
        assert not (home.path / "reserve").exists()
        ballast.unlink()
        wait_until(lambda: can_write(server.dsn))
        wait_until(lambda: (home.path / "reserve").exists())
    finally:
        server.stop()
