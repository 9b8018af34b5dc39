"""The API with a key, everything switched on, beside a bare handler on the same rows."""

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.bench.conftest import Line, Report
from tests.load.client import Client
from tests.load.product import Product, Workspace, children, until

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

SECTION = "The API with a key beside a bare handler"
CONNECTIONS = 16
ROUNDS = 3
CLOCK = os.sysconf("SC_CLK_TCK")
FILL = """
INSERT INTO {s}.customer (id, created_at, updated_at, version, number, kind, name, name_key, stage, tags, phone,
                          city, notes, owner_id)
SELECT gen_random_uuid(), now() - n * interval '1 s', now(), 1, 'X' || n, 'company', 'Customer ' || n,
       'customer' || n, 'potential', '["a","b"]', '+86138' || lpad(n::text, 8, '0'), '上海', 'Notes of ' || n,
       (SELECT id FROM {s}.member LIMIT 1)
FROM generate_series(1, {n}) n
"""


@dataclass(frozen=True)
class Rate:
    """How fast one kind of request was answered."""

    per_s: float
    cpu_ms: float
    p50_ms: float

    def told(self) -> str:
        return f"{self.per_s:.0f}/s, {self.cpu_ms:.2f} ms CPU, p50 {self.p50_ms:.1f} ms"


@dataclass(frozen=True)
class Target:
    """A server under load: its port, key, prefix of paths and the process that answers."""

    port: int
    pid: int
    prefix: str = ""
    keys: tuple[str, ...] = ("",)


@pytest.fixture(scope="module")
def customers(served: Product, size: Callable[[int, int], int]) -> Workspace:
    (workspace,) = served.workspaces(1, prefix="api")
    statement = sql.SQL(FILL).format(s=sql.Identifier(workspace.schema), n=sql.Literal(size(100_000, 5_000)))
    with psycopg.connect(served.dsn, autocommit=True) as admin:
        admin.execute(statement)
        admin.execute(f'ANALYZE "{workspace.schema}".customer'.encode())
    return workspace


@pytest.fixture(scope="module")
def bare(served: Product, customers: Workspace) -> Iterator[Target]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, "BARE_DSN": served.dsn, "BARE_SCHEMA": customers.schema}
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", str(port)], env=environ)
    until(lambda: children(process.pid) and answers(port), 30)
    yield Target(port, children(process.pid)[0])
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def ours(served: Product, customers: Workspace) -> Target:
    return Target(served.port, children(served.child("web"))[0], "/api/v1", (customers.key,))


@pytest.fixture(scope="module")
def many(served: Product) -> Sequence[Workspace]:
    return served.workspaces(CONNECTIONS, prefix="many")


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(("kind", "least"), [("list of 50", 0.30), ("get one", 0.30), ("create", 0.25)])
def test_beside_a_bare_handler(
    kind: str, least: float, customers: Workspace, bare: Target, ours: Target, report: Report
) -> None:
    asks = {"list of 50": lists, "get one": gets, "create": creates}[kind]
    ids = asyncio.run(some_ids(ours))
    compare(kind, least, (bare, asks(bare.prefix, ids)), (ours, asks(ours.prefix, ids)), report)


def test_creating_in_many_tenants_beside_a_bare_handler(
    bare: Target, ours: Target, many: Sequence[Workspace], report: Report
) -> None:
    spread = replace(ours, keys=tuple(workspace.key for workspace in many))
    kind = f"create, {len(many)} tenants"
    compare(kind, 0.25, (bare, creates(bare.prefix, ())), (spread, creates(spread.prefix, ())), report)


async def some_ids(target: Target) -> list[str]:
    answer = await Client(target.port, target.keys[0]).get(f"{target.prefix}/customers?limit=200")
    return [row["id"] for row in answer.json()["data"]]


def compare(
    kind: str,
    least: float,
    bare: tuple[Target, Callable[[Client], object]],
    ours: tuple[Target, Callable[[Client], object]],
    report: Report,
) -> None:
    """Measure both in turn and keep the best round of each: other work on the machine only slows."""
    rounds = [[asyncio.run(measure(*each)) for each in (bare, ours)] for _ in range(ROUNDS)]
    plain, full = (max(rates, key=lambda rate: rate.per_s) for rates in zip(*rounds, strict=True))
    ratio, cpu = full.per_s / plain.per_s, full.cpu_ms / plain.cpu_ms
    figures = f"{ratio:.0%} of the throughput, {cpu:.1f}× the CPU (ours {full.told()}; bare {plain.told()})"
    meaning = MEANING[kind.replace(",", " ").split()[0]]
    report.add(SECTION, Line(kind, figures, f"≥ {least:.0%}", ratio >= least, meaning))


MEANING = {
    "list": "key, limits, permission, tenant's role and statement, 50 of the customers as JSON; the bare handler"
    " runs one statement as the superuser. 16 connections, one process each, best of three rounds in turn.",
    "get": "the same for one customer by its id, with its ETag.",
    "create": "idempotency, validation, the number, the customer, its event with body, link and outbox entry, its"
    " search document, the stored answer; the bare handler inserts one row. In quick succession a process takes numbers"
    " ahead, so that creations of one tenant do not wait for each other's commit.",
}


def lists(prefix: str, ids: Sequence[str]) -> Callable[[Client], object]:
    return lambda client: client.get(f"{prefix}/customers?limit=50" if prefix else "/customers")


def gets(prefix: str, ids: Sequence[str]) -> Callable[[Client], object]:
    turn = itertools.cycle(ids)
    return lambda client: client.get(f"{prefix}/customers/{next(turn)}")


def creates(prefix: str, ids: Sequence[str]) -> Callable[[Client], object]:
    numbers = itertools.count()

    def create(client: Client) -> object:
        number = next(numbers)
        values = {"name": f"New {number}", "kind": "company", "tags": ["a"]}
        key = {"Idempotency-Key": f"{time.time_ns()}-{number}"} if prefix else None
        return client.post(f"{prefix}/customers", values, key)

    return create


async def measure(target: Target, ask: Callable[[Client], object], seconds: float = 4.0) -> Rate:
    """Ask over several connections without a pause; the first half second is not counted."""
    keys = itertools.islice(itertools.cycle(target.keys), CONNECTIONS)
    clients = [Client(target.port, key) for key in keys]
    await asyncio.gather(*(loop(client, ask, 0.5, []) for client in clients))
    taken: list[float] = []
    began, cpu = time.monotonic(), cpu_s(target.pid)
    await asyncio.gather(*(loop(client, ask, seconds, taken) for client in clients))
    elapsed, used = time.monotonic() - began, cpu_s(target.pid) - cpu
    for client in clients:
        client.close()
    return Rate(len(taken) / elapsed, used / len(taken) * 1000, sorted(taken)[len(taken) // 2] * 1000)


async def loop(client: Client, ask: Callable[[Client], object], seconds: float, taken: list[float]) -> None:
    until_ = time.monotonic() + seconds
    while (began := time.monotonic()) < until_:
        answer = await ask(client)  # type: ignore[misc]
        assert answer.status < 300, answer
        taken.append(time.monotonic() - began)


def cpu_s(pid: int) -> float:
    """Processor time of a process and its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK
