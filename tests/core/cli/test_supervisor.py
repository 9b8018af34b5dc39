"""The supervisor of `guanxi up`: restarts, readiness, clean and quick ends, no orphans."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.core.embedded.test_postgres import alive, wait_until

SCRIPT = """
import sys
from pathlib import Path
from core.cli.supervisor import Supervisor

folder = Path(sys.argv[1])

async def is_serving():
    return (folder / "serving").exists()

commands = {name: [sys.executable, "-c", code] for name, code in zip(sys.argv[2::2], sys.argv[3::2])}
sys.exit(Supervisor(commands, is_serving=is_serving, notice=lambda: "READY http://here").run())
"""
STEADY = """
import os, pathlib, time
folder = pathlib.Path(os.environ["FOLDER"])
(folder / "steady.new").write_text(str(os.getpid()))
(folder / "steady.new").rename(folder / "steady")
(folder / "serving").touch()
print("working", flush=True)
time.sleep(600)
"""
DEAF = """
import signal, subprocess, sys, os, pathlib, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
code = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code])
pathlib.Path(os.environ["FOLDER"], "deaf").write_text(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""
BROKEN = "import sys; sys.exit('no module of that name')"


def start(folder: Path, **children: str) -> subprocess.Popen[str]:
    pairs = [word for name, code in children.items() for word in (name, code)]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), *pairs],
        env={**os.environ, "FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def pids(path: Path) -> list[int]:
    wait_until(path.exists)
    wait_until(lambda: path.read_text() != "")
    return [int(word) for word in path.read_text().split()]


def started(folder: Path, **children: str) -> tuple[subprocess.Popen[str], float]:
    """A supervisor that said that it is ready, and how long that took: what the machine may add to every limit."""
    began = time.monotonic()
    process = start(folder, **children)
    lines_until(process, "READY")
    return process, time.monotonic() - began


def lines_until(process: subprocess.Popen[str], wanted: str) -> list[str]:
    lines = []
    while wanted not in (line := process.stdout.readline()):
        assert line, f"ended without {wanted}: {lines}"
        lines.append(line)
    return [*lines, line]


def test_it_says_ready_and_passes_the_lines_on(tmp_path: Path):
    process = start(tmp_path, web=STEADY)
    lines = lines_until(process, "READY http://here")
    assert "web    | working\n" in [*lines, *iter_rest(process)]


def iter_rest(process: subprocess.Popen[str]) -> list[str]:
    process.terminate()
    return process.communicate(timeout=100)[0].splitlines(keepends=True)


def test_a_killed_child_is_back_within_a_second(tmp_path: Path):
    process, machine_s = started(tmp_path, web=STEADY)
    (first,) = pids(tmp_path / "steady")
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: pids(tmp_path / "steady") != [first]) < 1 + machine_s
    process.terminate()
    assert process.wait(100) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_even_what_is_deaf(tmp_path: Path, number: int):
    process, machine_s = started(tmp_path, web=STEADY, worker=DEAF)
    everybody = pids(tmp_path / "steady") + pids(tmp_path / "deaf")
    began = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=100)
    assert process.returncode == 0
    assert time.monotonic() - began < 4 + machine_s
    assert [pid for pid in everybody if alive(pid)] == []


def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path):
    process = start(tmp_path, web=STEADY)
    lines_until(process, "READY")
    (child,) = pids(tmp_path / "steady")
    process.kill()
    wait_until(lambda: not alive(child))
    process.communicate(timeout=100)


def test_what_can_never_start_ends_with_status_1(tmp_path: Path):
    process = start(tmp_path, web=BROKEN)
    output, _ = process.communicate(timeout=100)
    assert process.returncode == 1
    assert "no module of that name" in output
    assert "web cannot start" in output


def test_nobody_reading_the_terminal_holds_nothing_up(tmp_path: Path):
    began = time.monotonic()
    process = start(tmp_path, web="import os\nwhile True: print('x' * 1000)", worker=STEADY)
    wait_until((tmp_path / "serving").exists)
    machine_s = time.monotonic() - began
    time.sleep(1)
    began = time.monotonic()
    process.terminate()
    assert process.wait(100) == 0
    assert time.monotonic() - began < 4 + machine_s
