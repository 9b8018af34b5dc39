"""How many submissions a minute a form takes, from opening the page to the lead."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.bench.conftest import Line, Report
from tests.load import web_forms
from tests.load.client import Client
from tests.load.product import Product, Workspace, product, query, until

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

SECTION = "Web forms"
SECONDS = float(os.environ.get("GUANXI_BENCH_SECONDS", "30"))
VISITORS = 16
A_MINUTE = 5_000


def test_submissions_a_minute(report: Report) -> None:
    with product() as running:
        (workspace,) = running.workspaces(1)
        web_forms.switch_on(running, workspace)
        asyncio.run(web_forms.publish(Client(running.port, workspace.key)))
        before = spent(running)
        sent, seconds, slow = asyncio.run(storm(running, workspace))
        taking = (spent(running) - before) / sent * 1000
        judged = time.monotonic()
        until(lambda: count(running, workspace, "lead") >= sent, 600)
        behind = time.monotonic() - judged
        stored = count(running, workspace, "marketing_forms_submission")
        leads = count(running, workspace, "lead")
        per_minute, taken = sent / seconds * 60, (spent(running) - before) / sent * 1000
        assert (stored, leads) == (sent, sent)
    report.add(
        SECTION,
        Line(
            "submissions",
            f"{per_minute:,.0f} a minute over {seconds:.0f} s, page and sending p99 {slow * 1000:.0f} ms; all {leads:,}"
            f" leads {behind:.0f} s after the last one; processor time of all processes {taking:.1f} ms for each while"
            f" they came in, {taken:.1f} ms up to its lead (load average {os.getloadavg()[0]:.1f})",
            f"≥ {A_MINUTE:,} a minute",
            per_minute >= A_MINUTE,
            "a visitor opens the page, finds the proof of work, sends; what is acknowledged is stored, judged and made"
            " a lead with events, notice and search document. Visitors, their proofs and the product share the"
            " machine.",
        ),
    )


async def storm(running: Product, workspace: Workspace) -> tuple[int, float, float]:
    """Send as fast as the visitors can; gives how many, in what time, and the slowest hundredth."""
    began, path, numbers, times = time.monotonic(), web_forms.place(workspace), iter(range(10**9)), []

    async def visitor() -> None:
        async with Client(running.port) as client:
            while time.monotonic() - began < SECONDS:
                started, number = time.monotonic(), next(numbers)
                answer = await web_forms.send(client, path, await web_forms.ticket(client, path), number)
                assert answer.status == 200, answer
                times.append(time.monotonic() - started)

    await asyncio.gather(*(visitor() for _ in range(VISITORS)))
    times.sort()
    return len(times), time.monotonic() - began, times[int(len(times) * 0.99)]


def spent(running: Product) -> float:
    """Processor seconds of all processes of the installation, servers included."""
    ticks = 0
    for pid in running.everybody():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def count(running: Product, workspace: Workspace, table: str) -> int:
    ((found,),) = query(running.dsn, f'SELECT count(*) FROM "{workspace.schema}".{table}')
    return int(str(found))
