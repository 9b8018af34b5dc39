"""Large tables and many jobs: import beside COPY, search among a million names, a full board, 50 tenants' jobs."""

import asyncio
import io
import os
import random
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from core.app import create_runtime, running
from core.ext.specs import SearchDoc
from core.search import terms
from core.worker import CellWork, Worker
from tests.bench.conftest import Line, Report
from tests.core.kernel.scene import Count, Scene, job
from tests.load.client import Client
from tests.load.product import Product, Workspace

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

SECTION = "Volume"
Size = Callable[[int, int], int]
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰志红建国文华玉梅海燕晓宁子涵浩然雨欣"
CITIES = ("上海", "深圳", "宁波", "杭州", "青岛", "Berlin", "Lyon", "Austin")
TRADES = ("恒通", "鑫源", "博雅", "远航", "Northwind", "Brightline", "Atlas", "Meridian")
KINDS = ("贸易有限公司", "科技有限公司", "进出口有限公司", "GmbH", "Ltd", "Inc")
QUESTIONS = (
    "张伟",
    "zhangwei",
    "zw",
    "恒通",
    "上海远航",
    "northwind",
    "atlas austin",
    "1380013",
    "宁波鑫源贸易",
)


def names(first: int, count: int) -> list[tuple[str, bool]]:
    """Names of persons and companies in both scripts, the same on every run."""
    rng = random.Random(first)
    found = []
    for number in range(count):
        if number % 2:
            found.append((rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2)))), True))
        else:
            name = f"{rng.choice(CITIES)}{rng.choice(TRADES)}{rng.choice(GIVEN)}{rng.choice(KINDS)}"
            found.append((name, False))
    return found


def documents(first: int, count: int) -> bytes:
    """Search documents as the product makes them, in COPY's form."""
    buffer = io.StringIO()
    for number, (name, is_person) in enumerate(names(first, count)):
        phone = f"+86138{first + number:08d}"
        doc = SearchDoc(title=name, names=(name,), phones=(phone,), person=is_person)
        found = " ".join(terms.of_document(doc, "customer", None))
        buffer.write(f"{UUID(int=first + number + 1)}\t{name}\t{terms.folded(doc)}\t{found}\n")
    return buffer.getvalue().encode()


def test_search_among_a_million_names(served: Product, report: Report, size: Size) -> None:
    (workspace,) = served.workspaces(1, prefix="search")
    total, part = size(1_000_000, 20_000), size(50_000, 10_000)
    index(served, workspace, total, part)

    async def ask() -> list[float]:
        client, taken = Client(served.port, workspace.key), []
        for number in range(len(QUESTIONS) * size(30, 6)):
            began = time.perf_counter()
            answer = await client.get(
                f"/api/v1/search?q={quoted(QUESTIONS[number % len(QUESTIONS)])}&limit=20"
            )
            assert answer.status == 200, answer
            if number >= len(QUESTIONS):
                taken.append(time.perf_counter() - began)
        return sorted(taken)

    taken = asyncio.run(ask())
    p95 = taken[int(len(taken) * 0.95)]
    figures = f"p50 {statistics.median(taken) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms"
    meaning = (
        "whole requests through the API: Chinese, pinyin, initials, several words, parts of numbers; top 20."
    )
    report.add(SECTION, Line(f"search among {total:,} names", figures, "p95 ≤ 20 ms", p95 <= 0.020, meaning))


def quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def index(served: Product, workspace: Workspace, total: int, part: int) -> None:
    """Fill customers and search documents; the index is built at the end."""
    with ProcessPoolExecutor(4) as workers, psycopg.connect(served.dsn, autocommit=True) as admin:
        admin.execute(f'SET search_path = "{workspace.schema}", ext'.encode())
        admin.execute("DROP INDEX ix_search_document_terms")
        admin.execute("CREATE TEMP TABLE doc (id uuid, title text, folded text, terms text)")
        firsts = range(0, total, part)
        for data in workers.map(documents, firsts, [part] * len(firsts)):
            with admin.transaction(), admin.cursor().copy("COPY doc FROM STDIN") as copy:
                copy.write(data)
        admin.execute(
            "INSERT INTO search_document (record_type, record_id, title, subtitle, folded, terms, touched_at)"
            " SELECT 'customer', id, title, '', folded, array_to_tsvector(string_to_array(terms, ' ')), now() FROM doc"
        )
        admin.execute("SET maintenance_work_mem = '512MB'")
        admin.execute("CREATE INDEX ix_search_document_terms ON search_document USING gin (terms)")
        admin.execute("VACUUM ANALYZE search_document")


BOARD = """
INSERT INTO {s}.deal (id, created_at, updated_at, version, number, name, pipeline_id, stage_id, status, amount_minor,
                      currency, base_amount_minor, stage_entered_at, rank, tags, owner_id, expected_close_on)
SELECT gen_random_uuid(), now() - n * interval '1 s', now(), 1, 'D' || n, 'Deal ' || n, s.pipeline_id, s.id, 'open',
       n * 100, 'USD', n * 100, now(), n, '[]', (SELECT id FROM {s}.member LIMIT 1), current_date
FROM generate_series(1, {n}) n
JOIN (SELECT id, pipeline_id, row_number() OVER (ORDER BY position) AS r, count(*) OVER () AS total
      FROM {s}.stage WHERE pipeline_id = (SELECT id FROM {s}.pipeline ORDER BY id LIMIT 1)) s ON s.r = 1 + n % s.total
"""


def test_a_full_board(served: Product, report: Report, size: Size) -> None:
    (workspace,) = served.workspaces(1, prefix="board")
    deals = size(20_000, 2_000)
    with psycopg.connect(served.dsn, autocommit=True) as admin:
        admin.execute(sql.SQL(BOARD).format(s=sql.Identifier(workspace.schema), n=sql.Literal(deals)))
        admin.execute(f'VACUUM ANALYZE "{workspace.schema}".deal'.encode())
        found = admin.execute(
            f'SELECT pipeline_id FROM "{workspace.schema}".deal LIMIT 1'.encode()
        ).fetchone()
    assert found is not None

    async def ask() -> list[float]:
        client, taken = Client(served.port, workspace.key), []
        for _ in range(40):
            began = time.perf_counter()
            answer = await client.get(f"/api/v1/pipelines/{found[0]}/board")
            assert answer.status == 200, answer
            taken.append(time.perf_counter() - began)
        return sorted(taken[5:])

    taken = asyncio.run(ask())
    middle = statistics.median(taken)
    figures = f"p50 {middle * 1000:.0f} ms, p95 {taken[int(len(taken) * 0.95)] * 1000:.0f} ms"
    meaning = "the whole request: every column's count and sums over all its deals, and its first cards."
    report.add(SECTION, Line(f"board of {deals:,} deals", figures, "≤ 50 ms", middle <= 0.050, meaning))


def test_jobs_of_fifty_tenants(served: Product, report: Report, size: Size) -> None:
    workspaces = served.workspaces(50, prefix="jobs")
    each = size(100, 10)

    async def work() -> float:
        async with running(create_runtime(served.settings)) as runtime:
            tenants = [workspace.tenant for workspace in workspaces]
            scene = Scene(runtime.databases, tenants)
            for tenant in tenants:
                await scene.enqueue(tenant, *(job(params=Count(steps=0)) for _ in range(each)))
            cell = CellWork("main", scene.runner, scene.relay, scene.schedules)
            scene.runner._wake = cell.claim_bell.set
            worker = Worker([cell])
            began = time.perf_counter()
            task = asyncio.create_task(worker.run())
            while await scene.due():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            seconds = time.perf_counter() - began
            worker.stop()
            await task
        return seconds

    with held(served):
        seconds = asyncio.run(work())
    figures = f"{50 * each / seconds:,.0f} jobs/s ({50 * each:,} jobs of 50 tenants, one worker process)"
    meaning = "empty jobs: claimed in turns, carried out, removed; what the queue itself costs."
    report.add(SECTION, Line("jobs of 50 tenants", figures, "–", None, meaning))


@contextmanager
def held(served: Product) -> Iterator[None]:
    """Stop the product's own job worker for a while: it does not know the jobs of this run."""
    pid = served.child("worker")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
