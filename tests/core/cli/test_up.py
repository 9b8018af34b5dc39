"""`guanxi up` for real: serves, survives kill -9 of each of its processes, ends in time without orphans."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.embedded.home import Home
from tests.core.embedded.test_postgres import alive, wait_until

START_SECONDS = 200
STOP_SECONDS = 5


class Up:
    """A running `guanxi up`."""

    machine_s = 0.0
    """How long it took to start: what the machine may add to every limit."""

    def __init__(self, environ: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.home = Home(environ["GUANXI_HOME"])
        self.output = self.home.path / "up.log"
        with self.output.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "core", "up"],
                env={**environ, "PORT": str(self.port), "WEB_WORKERS": "2"},
                stdout=log,
                stderr=log,
            )

    def is_announced(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()[-3000:]
        return f"READY http://127.0.0.1:{self.port}\n" in self.output.read_text()

    def is_serving(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/health/ready"
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def child(self, name: str) -> int:
        for pid in children(self.process.pid):
            with contextlib.suppress(OSError):
                if f"core\0{name}" in Path(f"/proc/{pid}/cmdline").read_text():
                    return pid
        return 0

    def everybody(self) -> list[int]:
        states = [self.home.read_state(name) for name in ("postgres", "valkey")]
        servers = [int(state[key]) for state in states for key in ("pid", "keeper")]
        web = self.child("web")
        return [web, self.child("worker"), *children(web), *servers]


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except (OSError, IndexError):
            continue
    return found


@pytest.fixture
def up(migrated: Path, environ: dict[str, str]) -> Iterator[Up]:
    running = Up(environ)
    running.machine_s = wait_until(running.is_announced, START_SECONDS)
    yield running
    running.process.kill()
    running.process.wait()


def back_after(up: Up, victim: Callable[[], int]) -> float:
    pid = victim()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: victim() not in (0, pid))
    return wait_until(up.is_serving) - up.machine_s


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_it_serves_through_kills_and_stops_in_time(up: Up):
    assert up.is_serving()
    assert back_after(up, lambda: int(up.home.read_state("postgres")["pid"])) < 5
    assert back_after(up, lambda: int(up.home.read_state("valkey")["pid"])) < 2
    assert back_after(up, lambda: next(iter(children(up.child("web"))), 0)) < 2
    assert back_after(up, lambda: up.child("worker")) < 5
    # It imports everything anew, three times over, beside the other tests.
    assert back_after(up, lambda: up.child("web")) < 30
    wait_until(lambda: len(up.everybody()) == 8 and all(map(alive, up.everybody())))
    everybody = up.everybody()
    began = time.monotonic()
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(100) == 0
    assert time.monotonic() - began < STOP_SECONDS + up.machine_s
    assert [pid for pid in everybody if alive(pid)] == []


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_killed_up_takes_everything_with_it(up: Up):
    everybody = up.everybody()
    up.process.kill()
    wait_until(lambda: not any(map(alive, everybody)))


def test_a_used_port_is_refused_at_once(guanxi):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = guanxi("up", PORT=str(other.getsockname()[1]))
    assert done.returncode == 1
    assert "set PORT" in done.stderr
