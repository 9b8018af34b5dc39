"""Backup under load, restore into an empty home, and everything that is refused."""

import threading
from pathlib import Path

import psycopg
import pytest

from core.embedded import cluster, postgres
from core.embedded.backup import backup, restore
from core.embedded.home import EmbeddedError, Home
from core.settings import kept_key


@pytest.fixture
def full(home: Path) -> Home:
    place = Home(home)
    kept_key(home)
    (place.files / "t1" / "ab").mkdir(parents=True)
    (place.files / "t1" / "ab" / "abcd").write_bytes(b"a file")
    server = postgres.start(home, fast=True)
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE kept (n int primary key)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    server.stop()
    return place


def test_what_was_committed_before_a_backup_is_there_after_a_restore(full: Home, home: Path):
    server = postgres.start(home, fast=True)
    stop, written = threading.Event(), 1000

    def write() -> None:
        nonlocal written
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            while not stop.is_set():
                connection.execute("INSERT INTO kept VALUES (%s)", [written + 1])
                written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        before = written
        contents = backup(full, home.parent / "copy")
    finally:
        stop.set()
        writer.join()
        server.stop()
    assert (contents.has_key, contents.files) == (True, 1)
    other = Home(home.parent / "other")
    restore(home.parent / "copy", other)
    assert other.secret_key.read_text() == full.secret_key.read_text()
    assert (other.files / "t1" / "ab" / "abcd").read_bytes() == b"a file"
    server = postgres.start(other.path, fast=True)
    with psycopg.connect(server.dsn) as connection:
        found = [row[0] for row in connection.execute("SELECT n FROM kept ORDER BY n")]
    server.stop()
    assert before <= len(found) <= written
    assert found == list(range(1, len(found) + 1))


def test_a_backup_overwrites_nothing_and_a_restore_wants_an_empty_home(full: Home, home: Path):
    (home.parent / "taken").mkdir()
    (home.parent / "taken" / "letter").touch()
    with pytest.raises(EmbeddedError, match="not empty"):
        backup(full, home.parent / "taken")
    backup(full, home.parent / "copy")
    with pytest.raises(EmbeddedError, match="empty home"):
        restore(home.parent / "copy", full)
    with_key = Home(home.parent / "with-key")
    kept_key(with_key.path)
    with pytest.raises(EmbeddedError, match="another key"):
        restore(home.parent / "copy", with_key)


def test_damaged_or_unfinished_backups_are_refused_and_change_nothing(full: Home, home: Path):
    copy = home.parent / "copy"
    backup(full, copy)
    other = Home(home.parent / "other")
    damaged = max((copy / "postgres" / "base").rglob("*"), key=lambda path: path.stat().st_size)
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    with pytest.raises(EmbeddedError, match="damaged"):
        restore(copy, other)
    (copy / "backup.json").unlink()
    with pytest.raises(EmbeddedError, match="no complete backup"):
        restore(copy, other)
    assert not cluster.data_folder(other).exists()
    assert not other.secret_key.exists()
