"""Writers that repeat each request until it is acknowledged, and a killer beside them.

Every write carries an idempotency key and is sent again with the same key and body after 503, after 409
`idempotency.running` and after a broken connection. Any other refusal is a violation.
"""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from tests.faults.ledger import Ledger
from tests.load.client import Answer, Client
from tests.load.product import Product, Workspace, children, descendants, query

PAUSE_S = (0.2, 1.2)
RECOVERY_S = 30.0
BULK_ROWS = 20
VICTIMS = {
    "web worker": 4,
    "web server": 1,
    "job worker": 3,
    "second job worker": 2,
    "database": 5,
    "database keeper": 1,
    "backend": 2,
    "cache": 2,
}
TEXTS = ("夜里的雨", "déjà vu", "plain words", "𠮷野家の牛丼", "quotes ' and \\ slashes")


@dataclass
class Tally:
    """What the writers saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    replayed: int = 0
    wrong: list[str] = field(default_factory=list)
    acknowledged: list[tuple[float, float]] = field(default_factory=list)
    """When the successful attempt began, and when it was answered."""

    def first_after(self, moment: float) -> float | None:
        """When the first attempt that began after a moment was answered."""
        later = (end for begin, end in reversed(self.acknowledged[-2_000:]) if begin > moment)
        return min(later, default=None)


@dataclass
class Writer:
    """One client that changes records of its own in one workspace."""

    name: str
    client: Client
    ledger: Ledger
    tally: Tally
    rng: random.Random
    stopping: asyncio.Event
    _numbers: Any = field(default_factory=itertools.count)

    async def run(self) -> None:
        kinds = (self._create, self._change, self._upsert, self._bulk, self._delete)
        while not self.stopping.is_set():
            await self.rng.choices(kinds, weights=(50, 25, 10, 10, 5))[0]()
        self.client.close()

    async def _create(self) -> None:
        external_id, notes = self._fresh()
        values = {"name": f"Customer {external_id}", "external_id": external_id, "notes": notes}
        answer = await self._acknowledged("POST", "/customers", msgspec.json.encode(values))
        if answer:
            self.ledger.created(external_id, answer.json(), notes)

    async def _upsert(self) -> None:
        external_id, notes = self._fresh()
        values = {"name": f"Customer {external_id}", "notes": notes}
        path = f"/customers/by-external-id/{quote(external_id)}"
        answer = await self._acknowledged("PUT", path, msgspec.json.encode(values))
        if answer:
            self.ledger.created(external_id, answer.json(), notes)

    async def _bulk(self) -> None:
        fresh = [self._fresh() for _ in range(BULK_ROWS)]
        rows = [{"name": f"Customer {key}", "external_id": key, "notes": notes} for key, notes in fresh]
        body = b"\n".join(msgspec.json.encode(row) for row in rows)
        answer = await self._acknowledged("POST", "/customers/bulk", body)
        if answer is None:
            return
        for (key, notes), row, result in zip(fresh, rows, answer.json()["results"], strict=True):
            self.ledger.created(key, {**row, "id": result["id"]}, notes)

    async def _change(self) -> None:
        external_id = self._one()
        if external_id is None:
            return await self._create()
        notes = f"{self.rng.choice(TEXTS)} {next(self._numbers)}"
        path = f"/customers/{self.ledger.records[external_id].id}"
        if await self._acknowledged("PATCH", path, msgspec.json.encode({"notes": notes})):
            self.ledger.changed(external_id, notes)
        return None

    async def _delete(self) -> None:
        external_id = self._one()
        if external_id is not None:
            path = f"/customers/{self.ledger.records[external_id].id}"
            if await self._acknowledged("DELETE", path):
                self.ledger.deleted(external_id)

    def _fresh(self) -> tuple[str, str]:
        number = next(self._numbers)
        return f"{self.name}-{number}", f"{self.rng.choice(TEXTS)} {number}"

    def _one(self) -> str | None:
        """A living record of this writer, one of its latest."""
        own = [key for key in itertools.islice(reversed(self.ledger.records), 200) if self._is_own(key)]
        return self.rng.choice(own) if own else None

    def _is_own(self, external_id: str) -> bool:
        return external_id.startswith(f"{self.name}-") and not self.ledger.records[external_id].is_deleted

    async def _acknowledged(self, method: str, path: str, body: bytes = b"") -> Answer | None:
        key = {"Idempotency-Key": f"{self.name}-{self.rng.getrandbits(64):x}"}
        while True:
            began = time.monotonic()
            try:
                answer = await self.client.send(method, f"/api/v1{path}", body, key)
            except (OSError, TimeoutError):
                self.tally.broken += 1
                await asyncio.sleep(self.rng.uniform(0.01, 0.1))
                continue
            self.tally.statuses[answer.status] += 1
            if 200 <= answer.status < 300:
                self.tally.acknowledged.append((began, time.monotonic()))
                self.tally.replayed += "idempotent-replayed" in answer.headers
                self.ledger.answered()
                return answer
            if not self._may_repeat(answer):
                self.tally.wrong.append(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
                return None
            await asyncio.sleep(self.rng.uniform(0.02, 0.1))

    @staticmethod
    def _may_repeat(answer: Answer) -> bool:
        is_running = answer.status == 409 and b"idempotency.running" in answer.body
        return (answer.status == 503 or is_running) and "retry-after" in answer.headers


@dataclass
class Killer:
    """Sends kill -9 to the product's processes and measures how long each kind stays away."""

    product: Product
    tally: Tally
    rng: random.Random
    victims: Mapping[str, int] = field(default_factory=lambda: VICTIMS)
    kills: Counter[str] = field(default_factory=Counter)
    recoveries: dict[str, list[float]] = field(default_factory=dict)

    async def strike(self, victim: str) -> None:
        """Kill one process and wait until its work goes on."""
        pids = await asyncio.to_thread(self.find, victim)
        if not pids:
            return
        before = await asyncio.to_thread(self.placed) if "job" in victim else 0
        moment = time.monotonic()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.kills[victim] += 1
        if "job" in victim:
            await self._until(lambda: self.placed() > before)
            taken = time.monotonic() - moment
        else:
            taken = await self._served_after(moment) - moment
        self.recoveries.setdefault(victim, []).append(taken)
        await asyncio.to_thread(self.product.start_second_worker)

    def find(self, victim: str) -> list[int]:
        """The processes to kill; the database dies with all its backends at once."""
        product = self.product
        server, second = product.server("postgres"), product.second
        found = {
            "web worker": lambda: self._any(children(product.child("web"))),
            "web server": lambda: [product.child("web")],
            "job worker": lambda: [product.child("worker")],
            "second job worker": lambda: [second.pid] if second and second.poll() is None else [],
            "database": lambda: [server, *descendants(server)],
            "database keeper": lambda: [product.keeper("postgres")],
            "backend": lambda: self._any(children(server)),
            "cache": lambda: [product.server("valkey")],
        }[victim]()
        return [pid for pid in found if pid]

    def _any(self, pids: list[int]) -> list[int]:
        return [self.rng.choice(pids)] if pids else []

    def placed(self) -> int:
        """How many events the relay has placed in all workspaces."""
        schemas = query(self.product.dsn, "SELECT schema FROM control.tenant WHERE slug LIKE 'load-%%'")
        return sum(
            int(str(query(self.product.dsn, f'SELECT count(*) FROM "{schema}".event_position')[0][0]))
            for (schema,) in schemas
        )

    async def _served_after(self, moment: float) -> float:
        deadline = moment + RECOVERY_S
        while (answered := self.tally.first_after(moment)) is None:
            assert time.monotonic() < deadline, self.story(f"nothing was served for {RECOVERY_S} s")
            await asyncio.sleep(0.01)
        return answered

    async def _until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + RECOVERY_S
        while not await asyncio.to_thread(is_so):
            assert time.monotonic() < deadline, self.story(f"no event was placed for {RECOVERY_S} s")
            await asyncio.sleep(0.02)

    def story(self, what: str) -> str:
        tally = self.tally
        lines = self.product.log.read_text(errors="replace").splitlines()
        raised = [line for line in lines if '"exception"' in line]
        database = self.product.home.log_tail("postgres", 30)
        log = "\n".join([*lines[-5:], *raised[-2:], database])
        return f"{what} after {dict(self.kills)}: {dict(tally.statuses)} {tally.wrong[:3]}\n{log}"

    def told(self) -> list[str]:
        return [
            f"  {victim}: {self.kills[victim]} kills, back after {statistics.median(times):.2f} s"
            f" (median), {max(times):.2f} s (longest)"
            for victim, times in sorted(self.recoveries.items())
        ]


async def storm(
    product: Product,
    workspaces: Sequence[Workspace],
    killer: Killer,
    ledgers: Sequence[Ledger],
    *,
    writers: int,
    is_enough: Callable[[], bool],
) -> None:
    """Write and kill until it is enough; every request that was begun is acknowledged at the end."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number, (workspace, ledger) in itertools.product(
            range(writers), zip(workspaces, ledgers, strict=True)
        ):
            client = Client(product.port, workspace.key, timeout_s=20)
            rng = random.Random(killer.rng.getrandbits(64))
            writer = Writer(f"w{number}", client, ledger, killer.tally, rng, stopping)
            group.create_task(writer.run())
        victims, weights = list(killer.victims), list(killer.victims.values())
        try:
            await asyncio.sleep(1)
            while not is_enough():
                await killer.strike(killer.rng.choices(victims, weights=weights)[0])
                await asyncio.sleep(killer.rng.uniform(*PAUSE_S))
        finally:
            stopping.set()
