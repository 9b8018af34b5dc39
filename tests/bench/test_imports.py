"""Importing customers from a file, beside plain COPY of the same rows into the same table."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.bench.conftest import Line, Report
from tests.fixtures.import_files import TITLES, line, rows
from tests.load.product import Product, Workspace, until

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

SECTION = "Importing customers beside COPY"
ROUNDS = 3
LEAST = 0.10
MEANING = (
    "a CSV file of 12 columns, rule 'create': each row validated, numbered, written with its event, its entry in the"
    " outbox, its search document and what a revert needs, in steps of 1,000 that a killed worker takes up. COPY"
    " writes the finished rows into the same table with all its indexes, as the superuser, right after each import;"
    " the middle one of the ratios."
)


def test_importing_customers_beside_copy(
    served: Product, size: Callable[[int, int], int], report: Report
) -> None:
    count = size(20_000, 5_000)
    found = []
    for workspace in served.workspaces(ROUNDS, prefix="import"):
        ours, copied = imported(served, workspace, count), copy(served, workspace, count)
        found.append((copied / ours, count / ours, count / copied))
    ratio, per_s, plain_per_s = sorted(found)[ROUNDS // 2]
    figures = f"{ratio:.1%} of the rows/s (ours {per_s:,.0f}; COPY {plain_per_s:,.0f})"
    report.add(SECTION, Line(f"import of {count:,} rows", figures, f"≥ {LEAST:.0%}", ratio >= LEAST, MEANING))


def imported(served: Product, workspace: Workspace, count: int) -> float:
    """Import a file; gives the seconds from the start of the job to its end."""
    content = "\n".join([",".join(TITLES), *map(line, rows(count))]).encode()
    address = f"http://127.0.0.1:{served.port}/api/v1"
    headers = {"Authorization": f"Bearer {workspace.key}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        run = client.post(
            "imports", files={"file": ("c.csv", content)}, data={"record_type": "customer"}
        ).json()
        here = f"imports/{run['id']}"
        client.patch(here, json={"rule": "create"}).raise_for_status()
        client.post(f"{here}/run").raise_for_status()

        def shown() -> Any:
            time.sleep(0.3)
            return client.get(here).json()

        until(lambda: shown()["state"] == "done", 300)
        done = shown()
        assert (done["created"], done["failed"]) == (count, 0)
        job = client.get(f"jobs/{done['job_id']}").json()
    began, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
    return (ended - began).total_seconds()


def copy(served: Product, workspace: Workspace, count: int) -> float:
    """Write the imported rows once more under other ids and numbers, by COPY; gives the seconds it took."""
    schema = sql.Identifier(workspace.schema)
    with psycopg.connect(served.dsn, autocommit=True) as admin:
        cursor = admin.execute(sql.SQL("SELECT * FROM {}.customer LIMIT 0").format(schema))
        names = [column.name for column in cursor.description or ()]
        same = [sql.Identifier(name) for name in names if name not in {"id", "number"}]
        columns = sql.SQL(", ").join([sql.Identifier("id"), sql.Identifier("number"), *same])
        reading = sql.SQL("COPY (SELECT gen_random_uuid(), 'X' || number, {} FROM {}.customer) TO STDOUT")
        with admin.cursor().copy(reading.format(sql.SQL(", ").join(same), schema)) as out:
            content = b"".join(bytes(part) for part in out)
        began = time.perf_counter()
        with admin.cursor().copy(sql.SQL("COPY {}.customer ({}) FROM STDIN").format(schema, columns)) as into:
            into.write(content)
        taken = time.perf_counter() - began
        total = admin.execute(sql.SQL("SELECT count(*) FROM {}.customer").format(schema)).fetchone()
        assert total == (2 * count,)
    return taken
