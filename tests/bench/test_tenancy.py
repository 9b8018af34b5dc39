"""Signup, provisioning and upgrades beside django-tenants; switching of tenants beside raw asyncpg."""

import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
import pytest
from sqlalchemy import text

from core.app import create_runtime, running
from core.customers.records import CUSTOMER
from core.kernel.statements import Statement
from core.records import lists
from core.records.query import parse
from core.runtime import Runtime
from core.tenancy import runner
from core.tenancy.components import component
from core.tenancy.directory import Tenant
from core.tenancy.migrations import compile_history, head
from core.tenancy.provisioning import claim, fill_pool
from core.tenancy.unit import driver_of
from tests.bench.conftest import Line, Report
from tests.load.product import Product, query

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SECTION = "Tenancy"
WARM_UP = 50
AT_ONCE = 2
"""So many a single tenant may always have open at once; with more, its share of the connections would be measured."""
Size = Callable[[int, int], int]


class Peer:
    """A django-tenants project with the same tables in a database of its own on the same server."""

    def __init__(self, served: Product, folder: Path) -> None:
        with psycopg.connect(served.dsn, autocommit=True) as admin:
            admin.execute("CREATE DATABASE peer TEMPLATE template0")
        for name in ("peer_migrations", "places_migrations"):
            (folder / name).mkdir()
            (folder / name / "__init__.py").touch()
        self.environ = {
            **os.environ,
            "PEER_DSN": served.dsn,
            "PEER_FOLDER": str(folder),
            "PEER_MIGRATIONS": "peer_migrations",
        }

    def run(self, *words: object, **variables: str) -> list[float]:
        command = [sys.executable, "-m", "tests.bench.django_peer.run", *map(str, words)]
        done = subprocess.run(
            command, env={**self.environ, **variables}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: list[float] = json.loads(done.stdout.splitlines()[-1])
        return found


@pytest.fixture(scope="module")
def peer(served: Product, tmp_path_factory: pytest.TempPathFactory) -> Peer:
    made = Peer(served, tmp_path_factory.mktemp("peer"))
    made.run("prepare")
    return made


def run(served: Product, work: Callable[[Runtime], Any]) -> Any:
    """Run something in a process of the installation: this one."""

    async def main() -> Any:
        async with running(create_runtime(served.settings)) as runtime:
            return await work(runtime)

    return asyncio.run(main())


def test_signup_beside_django_tenants(served: Product, peer: Peer, report: Report, size: Size) -> None:
    count = size(5, 2)
    migrated = statistics.median(peer.run("create", count, "migrated"))
    cloned = statistics.median(peer.run("create", count, "cloned", PEER_BASE="base"))

    async def ours(runtime: Runtime) -> tuple[list[float], list[float]]:
        settings, new_key = runtime.databases.settings, runtime.keyring.new_tenant_key
        free = query(served.dsn, "SELECT count(*) FROM control.tenant WHERE state = 'free'")[0][0]
        cold = []
        for number in range(1, count + 4):
            began = time.perf_counter()
            await asyncio.to_thread(fill_pool, settings, int(str(free)) + number, new_key=new_key)
            cold.append(time.perf_counter() - began)
        claims = []
        for number in range(count + 3):
            began = time.perf_counter()
            await claim(runtime.databases, f"claimed-{number}", "Claimed", new_key=new_key)
            claims.append(time.perf_counter() - began)
        return cold, claims[1:]

    cold, claims = run(served, ours)
    for what, seconds, targets in (
        ("claim", statistics.median(claims), (1000, 400)),
        ("cold provisioning", statistics.median(cold), (10, 4)),
    ):
        ratios = migrated / seconds, cloned / seconds
        figures = (
            f"{ratios[0]:,.0f}× / {ratios[1]:,.0f}× faster than migrate / clone"
            f" ({seconds * 1000:.1f} ms against {migrated * 1000:,.0f} / {cloned * 1000:,.0f} ms)"
        )
        holds = ratios[0] >= targets[0] and ratios[1] >= targets[1]
        target = f"≥ {targets[0]:,}× / ≥ {targets[1]:,}×"
        report.add(SECTION, Line(f"signup: {what}", figures, target, holds, SIGNUP[what]))


SIGNUP = {
    "claim": "one statement takes a schema from the warm pool; django-tenants makes a schema of the same tables by"
    " its migrations, or by cloning a schema. Medians.",
    "cold provisioning": "role, schema, all tables, grants and the directory's row, when the pool is empty.",
}


def test_upgrade_beside_django_tenants(served: Product, peer: Peer, report: Report, size: Size) -> None:
    count = size(200, 20)
    peer.run("fill", count)
    theirs = peer.run("upgrade", PEER_UPGRADED="1")[0] * count / (count + len(peer_others(served)))

    async def ours(runtime: Runtime) -> float:
        settings, new_key = runtime.databases.settings, runtime.keyring.new_tenant_key
        await asyncio.to_thread(fill_pool, settings, count, new_key=new_key)
        rows = query(
            served.dsn, "SELECT schema FROM control.tenant WHERE state = 'free' ORDER BY id LIMIT %s", count
        )
        schemas = [str(row[0]) for row in rows]
        return await asyncio.to_thread(upgrade, settings, schemas)

    seconds = run(served, ours)
    figures = f"{theirs / seconds:.0f}× faster ({seconds:.2f} s against {theirs:.1f} s)"
    meaning = "a nullable column for every tenant, four workers each, versions kept, resumable."
    report.add(
        SECTION, Line(f"upgrade of {count} tenants", figures, "≥ 40×", theirs / seconds >= 40, meaning)
    )


def peer_others(served: Product) -> Sequence[object]:
    """Tenants of the peer that the upgrade meets beside the many: those of the test before."""
    dsn = served.dsn.replace("/guanxi?", "/peer?")
    return query(dsn, "SELECT 1 FROM places_place WHERE schema_name NOT LIKE 'many%%'")


NEXT = """import sqlalchemy as sa
from alembic import op

revision = "0999_bench"
down_revision = "{previous}"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("upgraded_on", sa.Date()))
"""


def upgrade(settings: Any, schemas: list[str]) -> float:
    """Bring the schemas to a revision that only this run knows."""
    core = component("core")
    with tempfile.TemporaryDirectory() as folder:
        later = replace(core, path=Path(folder) / "migrations")
        shutil.copytree(core.path, later.path)
        revision = NEXT.format(previous=head(compile_history(core)))
        (later.path / "versions" / "0999_bench.py").write_text(revision)
        compile_history(later)
        began = time.perf_counter()
        progress = runner.upgrade_all(settings, later, "main", schemas, workers=4)
        seconds = time.perf_counter() - began
    assert not progress.failed, progress.failed
    return seconds


def test_the_session_layer_beside_asyncpg(served: Product, report: Report, size: Size) -> None:
    count = size(3000, 600)

    async def measure(runtime: Runtime) -> tuple[float, float]:
        tenant = await claim(runtime.databases, "layer", "Layer", new_key=runtime.keyring.new_tenant_key)
        settings = runtime.databases.settings
        pool = await asyncpg.create_pool(
            settings.dsn(settings.slice_role("main", tenant.slice), "main"),
            min_size=AT_ONCE,
            max_size=AT_ONCE,
            reset=neutral,
        )
        best = []
        for work in (lambda: raw(pool, tenant), lambda: layered(runtime, tenant)):
            best.append(max([await rate(work, count) for _ in range(3)]))
        await pool.close()
        return best[0], best[1]

    raw_per_s, ours_per_s = run(served, measure)
    ratio = ours_per_s / raw_per_s
    meaning = (
        "one prepared statement in a transaction in the tenant's role, as lists and single records are read: our"
        " unit and session against an asyncpg pool that sends BEGIN and SET LOCAL in one message, the statement,"
        " COMMIT. Two at a time."
    )
    figures = f"{ratio:.0%} of the throughput ({ours_per_s:,.0f}/s against {raw_per_s:,.0f}/s)"
    report.add(SECTION, Line("session layer", figures, "≥ 75%", ratio >= 0.75, meaning))


async def neutral(connection: Any) -> None:
    """Nothing: the pool's own way to reset calls what tenants may not call, and would cost another round trip."""


async def raw(pool: Any, tenant: Tenant) -> None:
    async with pool.acquire() as connection:
        await connection.execute(
            f'BEGIN;SET LOCAL ROLE {tenant.schema};SET LOCAL search_path="$user",ext;'
            "SET LOCAL statement_timeout=15000;SET LOCAL lock_timeout=5000"
        )
        await connection.fetch("SELECT id FROM member LIMIT 1")
        await connection.execute("COMMIT")


ONE = Statement(text("SELECT id FROM member LIMIT 1"))


async def layered(runtime: Runtime, tenant: Tenant) -> None:
    async with runtime.databases.tenant(tenant, readonly=True) as unit:
        await unit.session.run(ONE)
        await unit.commit()


async def rate(work: Callable[[], Any], count: int) -> float:
    async def loop() -> None:
        for _ in range(count // AT_ONCE):
            await work()

    began = time.perf_counter()
    await asyncio.gather(*(loop() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


def test_lists_do_not_grow_with_tenants(served: Product, report: Report, size: Size) -> None:
    stages = [10, size(200, 20), size(1_000, 40)]

    async def measure(runtime: Runtime) -> list[Paging]:
        new_key = runtime.keyring.new_tenant_key
        tenants: list[Tenant] = []
        found = []
        for stage in stages:
            await asyncio.to_thread(
                fill_pool, runtime.databases.settings, stage - len(tenants), new_key=new_key
            )
            while len(tenants) < stage:
                tenant = await claim(runtime.databases, f"grow-{len(tenants)}", "Grow", new_key=new_key)
                await asyncio.to_thread(fill_tenant, served.dsn, tenant.schema)
                tenants.append(tenant)
            found.append(await paging(runtime, tenants, size(3_000, 300)))
        return found

    found = run(served, measure)
    first, last = found[0], found[-1]
    slower = [last.yard(share) / first.yard(share) for share in (0.5, 0.99)]
    growth = [
        last.took(share) / first.took(share) / slow for share, slow in zip((0.5, 0.99), slower, strict=True)
    ]
    shown = ", ".join(
        f"{n} tenants: {each.took(0.5) * 1000:.1f} / {each.took(0.99) * 1000:.1f} ms"
        for n, each in zip(stages, found, strict=True)
    )
    strange, known = (last.took(0.5, is_first=is_first) * 1000 for is_first in (True, False))
    meaning = (
        "session and statement of the list of 50 customers, a tenant drawn by lot each time, four at a time; p50 /"
        " p99. Between each two of them one empty question to the control schema shows how much slower the machine"
        f" itself was at the end than at the beginning: {slower[0]:.2f} and {slower[1]:.2f} times, which is taken off."
        f" Among the most tenants {last.strange:.0%} of the lists were the first that their connection read there:"
        f" p50 {strange:.1f} ms; of the others {known:.1f} ms."
    )
    figures = f"p50 × {growth[0]:.2f}, p99 × {growth[1]:.2f} ({shown})"
    holds = growth[0] <= 1.3 and growth[1] <= 1.5
    report.add(SECTION, Line("list of 50 as tenants grow", figures, "≤ 1.3× / ≤ 1.5×", holds, meaning))


def fill_tenant(dsn: str, schema: str) -> None:
    query_ = (
        f'INSERT INTO "{schema}".customer (id, created_at, updated_at, version, number, kind, name, name_key, stage,'
        " tags) SELECT gen_random_uuid(), now() - n * interval '1 s', now(), 1, 'X' || n, 'company', 'C' || n,"
        " 'c' || n, 'potential', '[]' FROM generate_series(1, 200) n"
    )
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(query_.encode())
        admin.execute(f'ANALYZE "{schema}".customer'.encode())


@dataclass(frozen=True)
class Paging:
    """How long lists and the yardstick between them took, in seconds, and which met their tenant first."""

    lists: list[tuple[float, bool]]
    yards: list[float]

    @property
    def strange(self) -> float:
        """Which share of the lists was the first of its connection in its tenant."""
        return sum(is_first for _, is_first in self.lists) / len(self.lists)

    def took(self, share: float, *, is_first: bool | None = None) -> float:
        """A quantile of the lists; of those alone that came first, or did not."""
        return quantile([took for took, first in self.lists if is_first in {None, first}] or [0.0], share)

    def yard(self, share: float) -> float:
        """A quantile of the yardstick."""
        return quantile(self.yards, share)


def quantile(some: Sequence[float], share: float) -> float:
    return sorted(some)[int(len(some) * share)]


async def paging(runtime: Runtime, tenants: Sequence[Tenant], count: int) -> Paging:
    """Time lists of tenants drawn by lot, and the yardstick between them."""
    rng = random.Random(3)
    found = Paging([], [])
    met: set[tuple[int, UUID]] = set()

    async def loop() -> None:
        for number in range(count // 4 + WARM_UP):
            tenant = rng.choice(tenants)
            began = time.perf_counter()
            async with runtime.open(tenant, readonly=True) as ctx:
                query_ = parse(CUSTOMER, [("limit", "50")], lists.reading(ctx))
                listing = await lists.run(ctx, query_, with_labels=False)
                pair = (driver_of(await ctx.session.connection()).get_server_pid(), tenant.id)
            assert len(listing.rows) == 50
            between = time.perf_counter()
            assert await runtime.databases.is_ready()
            if number >= WARM_UP:
                found.lists.append((between - began, pair not in met))
                found.yards.append(time.perf_counter() - between)
            met.add(pair)

    await asyncio.gather(*(loop() for _ in range(4)))
    return found
