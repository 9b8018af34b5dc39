"""migrate, doctor, backup and restore as commands: their words, their ends, their status."""

import json
from pathlib import Path

import psycopg
import pytest

from core.embedded import postgres


def problems(output: str) -> dict[str, list[str]]:
    return {line["check"]: line["problems"] for line in map(json.loads, output.splitlines())}


@pytest.mark.long
def test_migrate_makes_everything_and_doctor_finds_it_well(guanxi, home: Path):
    first = guanxi("migrate", "--check")
    assert first.returncode == 1
    assert guanxi("migrate").returncode == 0
    found = problems(guanxi("doctor", "--json").stdout)
    for check in ("home", "database", "durability", "cache", "rights", "migrations"):
        assert found[check] == [], check


def test_doctor_names_what_is_wrong_and_ends_with_1(guanxi, migrated: Path):
    home = migrated
    server = postgres.start(home)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_commit = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("GRANT EXECUTE ON FUNCTION pg_sleep(double precision) TO PUBLIC")
    (home / "secret.key").chmod(0o644)
    done = guanxi("doctor")
    server.stop()
    assert done.returncode == 1
    assert "FAIL  durability  synchronous_commit is off" in done.stdout
    assert "secret.key is open to other users" in done.stdout
    assert "FAIL  rights" in done.stdout


def test_wrong_settings_are_one_error_with_all_of_them(guanxi, home: Path):
    done = guanxi("doctor", PORT="eighty", WEB_WORKERS="-1")
    assert done.returncode == 1
    assert "PORT" in done.stderr
    assert "WEB_WORKERS" in done.stderr
    assert not home.exists()


def test_a_backup_is_restored_into_another_home(guanxi, migrated: Path):
    home = migrated
    copy, other = home.parent / "copy", home.parent / "other"
    done = guanxi("backup", str(copy))
    assert done.returncode == 0, done.stderr
    assert "master key" in done.stdout
    done = guanxi("restore", str(copy), GUANXI_HOME=str(other))
    assert done.returncode == 0, done.stderr
    assert (other / "secret.key").read_text() == (home / "secret.key").read_text()
    assert guanxi("migrate", "--check", GUANXI_HOME=str(other)).returncode == 0


def test_a_backup_of_somebody_elses_server_is_refused(guanxi, home: Path):
    done = guanxi("backup", str(home.parent / "copy"), DATABASE_URL="postgresql://u@127.0.0.1:1/db")
    assert done.returncode == 1
    assert "by its own means" in done.stderr


def test_an_unreachable_server_is_told_plainly(guanxi):
    done = guanxi("doctor", DATABASE_URL="postgresql://u@127.0.0.1:1/db", REDIS_URL="redis://127.0.0.1:1")
    assert done.returncode == 1
    assert "FAIL  database" in done.stdout
    assert "Traceback" not in done.stderr


def test_help_lists_the_commands(guanxi):
    words = guanxi("--help").stdout
    for command in ("up", "web", "worker", "migrate", "doctor", "backup", "restore"):
        assert f"\n  {command} " in words
