"""The embedded PostgreSQL: right locale, both drivers, joined, stopped, killed and back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import psycopg
import pytest

from core.embedded import cluster, postgres
from core.embedded.home import EmbeddedError, Home


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition, seconds: float = 100.0) -> float:
    """Look until something is so; gives how long it took. The limit guards against hanging alone."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.02)
    return time.monotonic() - began


def answers(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=10) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.Error:
        return False


async def test_both_drivers_connect_to_a_utf8_database_of_the_builtin_locale(home: Path):
    server = postgres.start(home, fast=True)
    try:
        with psycopg.connect(server.dsn) as connection:
            row = connection.execute(
                "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding), datcollate, datctype"
                " FROM pg_database WHERE datname = current_database()"
            ).fetchone()
        assert row == ("b", "C.UTF-8", "UTF8", "C", "C.UTF-8")
        other = await asyncpg.connect(server.dsn)
        assert await other.fetchval("SHOW max_locks_per_transaction") == "256"
        assert await other.fetchval("SHOW jit") == "off"
        assert await other.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'") == 0
        await other.close()
    finally:
        server.stop()
    assert not alive(server.pid)


def test_a_database_without_chinese_trigrams_is_refused(home: Path):
    server = postgres.start(home, fast=True)
    try:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute(
                "CREATE DATABASE bad TEMPLATE template0 LOCALE_PROVIDER libc LC_CTYPE 'C' LC_COLLATE 'C'"
            )
        with pytest.raises(EmbeddedError, match="trigrams"):
            postgres.check(postgres.dsn(Home(home), "bad"))
    finally:
        server.stop()


def test_a_wrong_password_is_refused(home: Path):
    server = postgres.start(home, fast=True)
    try:
        secret = cluster.password(Home(home))
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(server.dsn.replace(secret, "guess"))
    finally:
        server.stop()


def test_what_was_committed_outlives_kill_9_of_the_server(home: Path):
    server = postgres.start(home)
    try:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS a")
        for _ in range(3):
            killed = server.pid
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: server.pid != killed)  # noqa: B023
            wait_until(lambda: answers(server.dsn))
        with psycopg.connect(server.dsn) as connection:
            assert connection.execute("SELECT a FROM kept").fetchall() == [(1,)]
    finally:
        server.stop()


def test_kill_9_of_the_keeper_takes_the_server_along_and_brings_both_back(home: Path):
    server = postgres.start(home, fast=True)
    try:
        keeper, pid = server.share.keeper_pid, server.pid
        os.kill(keeper, signal.SIGKILL)
        wait_until(lambda: not alive(pid))
        wait_until(lambda: server.share.keeper_pid not in (0, keeper) and answers(server.dsn))
    finally:
        server.stop()
    assert not alive(server.pid)


SHARER = """
import sys
from core.embedded import postgres
server = postgres.start(sys.argv[1], fast=True)
print(server.pid, flush=True)
sys.stdin.readline()
server.stop()
"""


def sharer(home: Path) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", SHARER, str(home)]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_processes_share_one_server_and_the_last_one_stops_it(home: Path):
    several = [sharer(home) for _ in range(4)]
    pids = {int(process.stdout.readline()) for process in several}
    assert len(pids) == 1
    (pid,) = pids
    *first, last = several
    first[0].kill()
    for process in first[1:]:
        process.communicate("\n", timeout=100)
    assert answers(postgres.dsn(Home(home)))
    last.communicate("\n", timeout=100)
    assert not alive(pid)
    first[0].communicate(timeout=100)


def test_a_server_whose_only_user_was_killed_stops_by_itself(home: Path):
    only = sharer(home)
    pid = int(only.stdout.readline())
    only.kill()
    only.communicate(timeout=100)
    wait_until(lambda: not alive(pid))
    server = postgres.start(home, fast=True)
    assert answers(server.dsn)
    server.stop()


def test_data_of_a_version_without_programs_is_refused_untouched(home: Path):
    postgres.start(home, fast=True).stop()
    marker = cluster.data_folder(Home(home)) / "PG_VERSION"
    for number in ("9", "99"):
        marker.write_text(f"{number}\n")
        with pytest.raises(EmbeddedError, match=f"written by PostgreSQL {number}"):
            postgres.start(home, fast=True)
        assert marker.read_text() == f"{number}\n"


OLD = Path("/usr/lib/postgresql/15/bin")


@pytest.mark.skipif(not (OLD / "postgres").exists(), reason="PostgreSQL 15 is not installed")
def test_data_of_an_older_version_is_upgraded_and_kept(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(cluster.PROGRAMS, str(OLD))
    server = postgres.start(home, fast=True)
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE ROLE t_abc NOLOGIN")
        connection.execute("CREATE SCHEMA t_abc AUTHORIZATION t_abc")
        connection.execute("CREATE TABLE t_abc.kept AS SELECT '张伟' AS name")
    server.stop()
    monkeypatch.delenv(cluster.PROGRAMS)
    server = postgres.start(home, fast=True)
    try:
        with psycopg.connect(server.dsn) as connection:
            assert connection.info.server_version >= 180000
            assert connection.execute("SELECT name FROM t_abc.kept").fetchone() == ("张伟",)
            owner = connection.execute(
                "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 't_abc'"
            )
            assert owner.fetchone() == ("t_abc",)
    finally:
        server.stop()
    assert (home / "postgres-15.kept" / "PG_VERSION").read_text() == "15\n"
    assert not list(home.glob("*.sql"))


def test_a_lock_file_with_the_process_id_of_somebody_else_is_no_obstacle(home: Path):
    postgres.start(home, fast=True).stop()
    (cluster.data_folder(Home(home)) / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n0\n5432\n")
    server = postgres.start(home, fast=True)
    assert answers(server.dsn)
    server.stop()


def test_a_home_with_a_long_path_gets_a_short_socket(home: Path):
    long = home / ("long" * 40)
    server = postgres.start(long, fast=True)
    assert answers(server.dsn)
    assert not str(Home(long).sockets).startswith(str(home))
    server.stop()


def test_a_broken_first_start_leaves_no_half_made_data(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(cluster.PROGRAMS, str(home))
    with pytest.raises(EmbeddedError, match="no postgres program"):
        postgres.start(home, fast=True)
    monkeypatch.delenv(cluster.PROGRAMS)
    server = postgres.start(home, fast=True)
    assert answers(server.dsn)
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_without_namespaces_runs_it_as_nobody_in_a_public_folder(home: Path, monkeypatch):
    monkeypatch.setenv("GUANXI_EMBEDDED_AS", "setuid")
    server = postgres.start(home, fast=True)
    try:
        assert answers(server.dsn)
        assert Path(f"/proc/{server.pid}").stat().st_uid == 65534
        data = cluster.data_folder(Home(home))
        assert data.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
        shutil.rmtree(data.parent, ignore_errors=True)
