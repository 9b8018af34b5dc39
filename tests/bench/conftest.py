"""Benchmarks run alone, compare within one run, and write docs/benchmarks.md.

``BENCH=small`` takes small sizes, for a quick look; the committed page comes from a full run.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.load.product import Product, product, query

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
IS_SMALL = os.environ.get("BENCH", "") == "small"
INTRODUCTION = """# Benchmarks

Written by `make bench`. Everything on this page comes from one run on one machine, ours and the thing that it is
compared with in turn: read the ratios, not the milliseconds. "CPU" is processor time of the web process alone.
"""


WHY = {
    "get one": "three round trips to the database (BEGIN with the role, the statement, COMMIT) and one to Valkey for"
    " the limits against one.",
    "create": "four round trips to the database and one to Valkey against one: BEGIN with the role and the question"
    " whether the key is new, the customer, everything else in one message, COMMIT. A profile gives the sending of"
    " messages a quarter of the processor's time.",
    "create, 16 tenants": "as in one tenant; besides, each process reads every key, workspace and member in use anew"
    " each second, and a connection that changes tenants has its statements planned anew: the database takes 2.4 ms of"
    " processor time for each instead of 1.5.",
    "session layer": "the unit, its budget and the pool's bookkeeping; the mapper takes no part.",
    "signup: claim": "a claim is one statement and one commit; of 1.9 ms in all, 1.3 are processor time for"
    " writing the statement and reading its answer.",
    "upgrade of": (
        "measured apart, 100 schemas by four workers take 1.6 to 2.5 ms each, of which 1.5 are processor time of"
        " our one process, whose threads take turns: one worker takes 3.2, eight no less than four, and not to"
        " wait for the disk changes nothing."
    ),
    "others while workspaces are made": "each signup is 18 ms of work for a web process, in a hundred pieces of"
    " which four take 1 to 3 ms each.",
    "others while the pool is filled": "each schema is 0.1 to 0.2 s of work for the database.",
    "list of 50 as tenants grow": "a connection that meets a tenant first reads its catalogue entries and has the"
    " statement planned; the first and the other lists are timed apart.",
    "search among": "of the slowest questions, which a sixteenth of all names answers, the index's list of all matches"
    " is half to two thirds, and reading 500 of them, each on a page of its own, most of the rest.",
    "import": "by a profile, half of the database's time is the index of search (38 terms a record; COPY writes none)"
    " and a tenth looking up the owner for each row; the worker takes twice as much as the database: a fifth for the"
    " terms, then validation, events with body, link and outbox entry, and records. On a busy machine each of the two"
    " waits for the other besides.",
}
"""Why a target is missed where it is; shown only then."""


@dataclass(frozen=True)
class Line:
    """One comparison; ``holds`` is None where there is no target."""

    what: str
    figures: str
    target: str
    holds: bool | None
    meaning: str


@dataclass
class Report:
    """What was measured so far, by section."""

    sections: dict[str, list[Line]] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)

    def add(self, section: str, line: Line) -> None:
        self.sections.setdefault(section, []).append(line)
        verdict = {True: "holds", False: "MISSED", None: ""}[line.holds]
        sys.stdout.write(f"\n{section}: {line.what}: {line.figures}  [{line.target}] {verdict}\n")

    def page(self) -> str:
        """The page as Markdown."""
        parts = [INTRODUCTION, "".join(f"- {fact}\n" for fact in self.facts)]
        for section, lines in self.sections.items():
            parts.append(f"\n## {section}\n\n| what | measured | target | |\n|---|---|---|---|\n")
            for line in lines:
                verdict = {True: "holds", False: "**missed**", None: ""}[line.holds]
                parts.append(f"| {line.what} | {line.figures} | {line.target} | {verdict} |\n")
            parts.append("\n" + "".join(f"- *{line.what}*: {explained(line)}\n" for line in lines))
        return "".join(parts)


def explained(line: Line) -> str:
    """What was measured, and why it is not what it should be."""
    why = WHY.get(line.what) or next((why for key, why in WHY.items() if line.what.startswith(key)), "")
    return f"{line.meaning} Missed: {why}" if line.holds is False and why else line.meaning


_REPORT = Report()


@pytest.fixture(scope="session")
def report() -> Report:
    """Collects lines; the page is written when the run covers everything."""
    _REPORT.facts = facts()
    return _REPORT


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    target = os.environ.get("GUANXI_BENCH_PAGE", "" if IS_SMALL else str(PAGE))
    # A benchmark that failed says so where it is run, and must not take the others' figures with it.
    if _REPORT.sections and target and exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        Path(target).write_text(_REPORT.page(), encoding="utf-8")


@pytest.fixture(scope="session")
def served() -> Iterator[Product]:
    """The product with one web process, on a database that keeps its promises."""
    with product(web_workers=1, second_worker=False, GUANXI_LOG_LEVEL="error") as running:
        _REPORT.facts.append(str(query(running.dsn, "SELECT version()")[0][0]).partition(" on ")[0])
        yield running


@pytest.fixture(scope="session")
def size() -> Callable[[int, int], int]:
    """Pick the full or the small size."""
    return lambda full, small: small if IS_SMALL else full


def facts() -> list[str]:
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else ():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors ({model}), {platform.system()}",
        f"Python {platform.python_version()}, sizes: {'small' if IS_SMALL else 'full'}",
        f"load average when it began: {os.getloadavg()[0]:.1f} (from about {os.cpu_count()} on, milliseconds are"
        " not to be trusted)",
    ]
