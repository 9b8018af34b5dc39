"""The product as an operator runs it: `guanxi up` on a home of its own, its processes, its workspaces."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from core.app import create_runtime, running
from core.embedded import postgres
from core.embedded.home import Home
from core.settings import Settings
from core.tenancy.directory import Tenant
from core.tenancy.provisioning import fill_pool
from tenants.api_keys import scopes
from tenants.api_keys import service as keys
from tenants.signup.schema import OwnerIn, WorkspaceIn
from tenants.signup.service import add_member, create_workspace

RATES = ("ADDRESS_PER_MINUTE", "TENANT_PER_MINUTE", "KEY_PER_MINUTE", "LOGIN_PER_MINUTE", "SIGNUP_PER_HOUR")
UNLIMITED = {f"GUANXI_RATE_{rate}": "100000000" for rate in RATES}


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace of the running product and a key of its owner with every right."""

    tenant: Tenant
    key: str

    @property
    def schema(self) -> str:
        return self.tenant.schema


class Product:
    """A running `guanxi up` and a second job worker beside it."""

    def __init__(self, home: Path, *, web_workers: int | None = 2, **variables: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.home = Home(home)
        self.log = self.home.path / "up.log"
        kept = {name: v for name, v in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.environ = {
            **kept,
            **UNLIMITED,
            "GUANXI_HOME": str(home),
            "PORT": str(self.port),
            **({"WEB_WORKERS": str(web_workers)} if web_workers else {}),
            "GUANXI_LOG_LEVEL": "warning",
            **variables,
        }
        self.process = self._start("up")
        self.second: subprocess.Popen[bytes] | None = None

    def _start(self, command: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "core", command], env=self.environ, stdout=log, stderr=log
            )

    def start_second_worker(self) -> None:
        """Run another job worker on the same home; a dead one is replaced."""
        if self.second is None or self.second.poll() is not None:
            self.second = self._start("worker")

    def wait_ready(self, timeout_s: float = 60) -> None:
        until(self.is_announced, timeout_s, lambda: self.log.read_text(errors="replace")[-3000:])

    def is_announced(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        return f"READY http://127.0.0.1:{self.port}\n" in self.log.read_text(errors="replace")

    def is_serving(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    @property
    def dsn(self) -> str:
        """The administrator's address of the database, server running or not."""
        return postgres.dsn(self.home)

    @property
    def settings(self) -> Settings:
        """Settings of another process of this installation, while its servers run."""
        cache = f"unix://{self.home.sockets}/valkey.sock?db=0"
        urls = {"DATABASE_URL": self.dsn, "REDIS_URL": cache}
        return Settings.read({**self.environ, **urls})

    def child(self, name: str) -> int:
        """The process id of `web` or `worker` below `guanxi up`, 0 while it is away."""
        for pid in children(self.process.pid):
            with contextlib.suppress(OSError):
                if f"core\0{name}" in Path(f"/proc/{pid}/cmdline").read_text():
                    return pid
        return 0

    def server(self, name: str) -> int:
        """The process id of `postgres` or `valkey`, 0 where it is unknown."""
        return int(self.home.read_state(name).get("pid") or 0)

    def keeper(self, name: str) -> int:
        """The process id of the parent of `postgres` or `valkey`, 0 where it is unknown."""
        return int(self.home.read_state(name).get("keeper") or 0)

    def everybody(self) -> list[int]:
        """All processes of the installation."""
        found = [self.process.pid] if self.second is None else [self.process.pid, self.second.pid]
        for name in ("postgres", "valkey"):
            found += [self.server(name), self.keeper(name)]
        for pid in list(found):
            found += descendants(pid)
        return sorted({pid for pid in found if pid and alive(pid)})

    def stop(self, timeout_s: float = 15) -> float:
        """End everything by SIGTERM; gives the seconds it took."""
        began = time.monotonic()
        processes = [process for process in (self.process, self.second) if process is not None]
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout_s)
        return time.monotonic() - began

    def workspaces(self, count: int, *, prefix: str = "load") -> list[Workspace]:
        """Make workspaces, each with a key of its owner."""
        return asyncio.run(_workspaces(self.settings, count, prefix))


@contextmanager
def product(
    *, web_workers: int | None = 2, second_worker: bool = True, **variables: str
) -> Iterator[Product]:
    """Run the product on a new home, which is removed at the end; ``None`` workers: as many as it takes itself."""
    folder = Path(tempfile.mkdtemp(prefix="gx-"))
    running_product = Product(folder / "home", web_workers=web_workers, **variables)
    try:
        running_product.wait_ready()
        if second_worker:
            running_product.start_second_worker()
        yield running_product
    finally:
        for process in (running_product.process, running_product.second):
            if process is not None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def _workspaces(settings: Settings, count: int, prefix: str) -> list[Workspace]:
    made = []
    async with running(create_runtime(settings)) as runtime:
        tenancy = runtime.databases.settings
        await asyncio.to_thread(fill_pool, tenancy, count, new_key=runtime.keyring.new_tenant_key)
        for number in range(count):
            tenant = await create_workspace(
                runtime, WorkspaceIn(name=f"{prefix} {number}", slug=f"{prefix}-{number}")
            )
            owner = OwnerIn(name="Ann", email=f"ann@{prefix}-{number}.test")
            member_id = await add_member(runtime, tenant, owner, password="correct horse battery")
            wanted = keys.KeyIn(
                tenant_id=tenant.id,
                member_id=member_id,
                name="load",
                scopes=scopes.checked(runtime.registry, ["all:read", "all:write"]),
            )
            async with runtime.control() as control:
                key, _ = await keys.issue(control, wanted)
            made.append(Workspace(replace(tenant, key=b""), key))
    return made


def query(dsn: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Ask the database directly, as its administrator."""
    with psycopg.connect(dsn, connect_timeout=10) as admin:
        return admin.execute(statement.encode(), values).fetchall()


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [child for child, parent in _parents() if parent == pid]


def descendants(pid: int) -> list[int]:
    """The processes below a process, nearest first."""
    parents, found = _parents(), [pid]
    for above in found if pid else ():
        found += [child for child, parent in parents if parent == above]
    return found[1:]


def _parents() -> list[tuple[int, int]]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            found.append((int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])))
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(
    is_so: Callable[[], object], timeout_s: float = 100, story: Callable[[], str] = lambda: ""
) -> float:
    """Wait until something is so; gives the seconds it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < timeout_s, f"it never came about. {story()}"
        time.sleep(0.02)
    return time.monotonic() - began
