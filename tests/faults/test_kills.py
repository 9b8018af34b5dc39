"""kill -9 of every kind of process under load: nothing acknowledged is lost, doubled or half there."""

import asyncio
import os
import random
import secrets
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from tests.faults.conftest import Say
from tests.faults.ledger import Ledger
from tests.faults.storm import Killer, Tally, storm
from tests.faults.verify import told, violations
from tests.load.product import Product, Workspace, alive, product, query, until

pytestmark = [pytest.mark.faults]

KILLS = int(os.environ.get("GUANXI_FAULT_KILLS", "20"))
IS_LONG = KILLS >= 200
OPERATIONS = 100_000 if IS_LONG else 1_000
SEED = int(os.environ.get("GUANXI_FAULT_SEED", secrets.randbelow(10**6)))
WRITERS = 8
WAITING = "SELECT (SELECT count(*) FROM cell.outbox) + (SELECT count(*) FROM cell.job WHERE run_at <= now())"
CARELESS = ("synchronous_commit = off", "wal_writer_delay = '10s'")
DATABASE_S = 2.0
WORKER_S = 1.0


def settled(running: Product, timeout_s: float = 60) -> None:
    """Wait until no event waits for its position and no job is due."""
    until(lambda: query(running.dsn, WAITING) == [(0,)], timeout_s)


def ledgers_of(workspaces: Sequence[Workspace], folder: Path) -> list[Ledger]:
    return [Ledger(w.schema, folder / f"{w.tenant.slug}.jsonl") for w in workspaces]


@pytest.mark.timeout(3600)
def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path, say: Say) -> None:
    with product() as running:
        workspaces = running.workspaces(2)
        ledgers = ledgers_of(workspaces, tmp_path)
        killer = Killer(running, Tally(), random.Random(SEED))

        def is_enough() -> bool:
            operations = sum(ledger.operations for ledger in ledgers)
            return bool(killer.tally.wrong) or (killer.kills.total() >= KILLS and operations >= OPERATIONS)

        began = time.monotonic()
        asyncio.run(storm(running, workspaces, killer, ledgers, writers=WRITERS, is_enough=is_enough))
        seconds = time.monotonic() - began
        settled(running)
        say(report(killer, ledgers, seconds))
        assert not killer.tally.wrong, killer.story("wrong answers")
        with psycopg.connect(running.dsn) as admin:
            for ledger in ledgers:
                assert not (found := violations(admin, ledger)), told(found)
                assert_teeth(admin, ledger)
        stops_in_time(running)
    if IS_LONG:
        assert_back_in_time(killer)


def test_a_careless_database_is_found_out(tmp_path: Path, say: Say) -> None:
    """The negative control: rows that were acknowledged before they were safe are missed by the comparison."""
    with product(second_worker=False) as running:
        workspaces = running.workspaces(1)
        ledgers = ledgers_of(workspaces, tmp_path)
        with psycopg.connect(running.dsn, autocommit=True) as admin:
            for setting in CARELESS:
                admin.execute(f"ALTER SYSTEM SET {setting}".encode())
            admin.execute("SELECT pg_reload_conf()")
        killer = Killer(running, Tally(), random.Random(SEED), victims={"database": 1})

        def is_enough() -> bool:
            return killer.kills.total() >= 3

        asyncio.run(storm(running, workspaces, killer, ledgers, writers=WRITERS, is_enough=is_enough))
        with psycopg.connect(running.dsn) as admin:
            found = violations(admin, ledgers[0])
    lost = len(found.get("lost", ()))
    say(f"negative control: {lost} of {len(ledgers[0].records)} acknowledged records lost, as must be")
    assert lost


def assert_back_in_time(killer: Killer) -> None:
    """The usual time away; the longest is printed, because it depends on what else the machine does.

    A few kills on a busy machine say nothing about time: the short form prints what it saw.
    """
    limits = {"database": DATABASE_S, "backend": DATABASE_S, "web worker": WORKER_S, "job worker": WORKER_S}
    for victim, limit_s in limits.items():
        taken = killer.recoveries.get(victim, [0.0])
        assert statistics.median(taken) <= limit_s, (victim, taken)


def report(killer: Killer, ledgers: Sequence[Ledger], seconds: float) -> str:
    tally = killer.tally
    operations = sum(ledger.operations for ledger in ledgers)
    lines = [
        f"seed {SEED}: {killer.kills.total()} kills over {operations} acknowledged operations"
        f" in {sum(ledger.requests for ledger in ledgers)} requests, {seconds:.0f} s",
        *killer.told(),
        f"  answers {dict(sorted(tally.statuses.items()))}, {tally.broken} broken connections,"
        f" {tally.replayed} answers repeated from the first",
    ]
    return "\n".join(lines)


def assert_teeth(admin: psycopg.Connection, ledger: Ledger) -> None:
    """The comparison finds a lost, a doubled and a half-done record where there is one."""
    schema = f'"{ledger.schema}"'
    tampering = {
        "lost": f"UPDATE {schema}.customer SET external_id = gen_random_uuid()::text",
        "with other content": f"UPDATE {schema}.customer SET notes = 'x'",
        "with other events": f"INSERT INTO {schema}.event SELECT gen_random_uuid(), name, version, record_type,"
        " record_id, actor_kind, member_id, key_id, request_id, occurred_at, digest"
        f" FROM {schema}.event WHERE record_type = 'customer' LIMIT 1",
        "gaps between positions": f"DELETE FROM {schema}.event_position WHERE position = 1",
        "records that search does not know": f"DELETE FROM {schema}.search_document",
    }
    for kind, statement in tampering.items():
        with admin.transaction(force_rollback=True):
            admin.execute(statement.encode())
            assert kind in violations(admin, ledger)


def stops_in_time(running: Product) -> None:
    everybody = running.everybody()
    seconds = running.stop()
    # As for being back in time: the short form also runs on machines that are busy with other things.
    assert not IS_LONG or seconds < 5
    until(lambda: not [pid for pid in everybody if alive(pid)])
