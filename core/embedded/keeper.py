"""The keeper: one small process per embedded server, its parent and its doctor.

Owns: starting the server, starting it again after a death, stopping it when nobody shares it any more.
Never: answers requests or reads data; it imports as little as it can.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

from core.embedded import cluster, valkey
from core.embedded.home import Home
from core.embedded.sharing import LOOK_SECONDS

SERVICES: dict[str, ModuleType] = {cluster.NAME: cluster, valkey.NAME: valkey}
GRACE_SECONDS = 2.0
STEADY_SECONDS = 1.0
"""Whoever lived so long had begun; it was killed, and starting it again is worth no pause."""
LONGEST_PAUSE_SECONDS = 2.0
OTHER_KEEPER_SECONDS = 0.5
LOG_BYTES = 10_000_000


class Keeper:
    """Keeps one server alive as long as somebody holds the members' lock."""

    def __init__(self, home: Home, name: str, *, fast: bool) -> None:
        self.home = home
        self.name = name
        self.fast = fast
        self.service = SERVICES[name]
        self.child: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.failures = 0
        self.started_at = 0.0
        self.next_start = 0.0
        self.stopping = False

    def run(self) -> None:
        """Keep the server until asked to stop or left alone."""
        members = self.home.lock(f"{self.name}.members")
        wake = self._listen()
        while not self.stopping:
            self._look()
            # Taken exclusively, the lock says that no sharer lives, and keeps new ones out until the end.
            if members.take(wait=False):
                break
            select.select([wake], [], [], LOOK_SECONDS)
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 64)
        self._stop()
        members.release()

    def _listen(self) -> int:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        return reader

    def _ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def _look(self) -> None:
        now = time.monotonic()
        if self.child is not None and self.child.poll() is not None:
            self._say(f"died with status {self.child.returncode}; starting it again")
            self.failures = 0 if now - self.started_at > STEADY_SECONDS else self.failures + 1
            self.next_start = now + min(LONGEST_PAUSE_SECONDS, 0.05 * 2**self.failures)
            self.child = None
        if self.child is None and now >= self.next_start:
            self._start()
        self.service.watch(self.home)

    def _start(self) -> None:
        self._trim_log()
        try:
            self.service.before_start(self.home, self.failures)
            launch, arguments = self.service.command(self.home, fast=self.fast)
            self.child = launch.start(arguments, self._log, self.service.LOST_SIGNAL)
        except Exception as error:
            self._say(f"cannot be started: {error}")
            self.failures += 1
            self.next_start = time.monotonic() + LONGEST_PAUSE_SECONDS
            return
        self.starts += 1
        self.started_at = time.monotonic()
        state = {"keeper": os.getpid(), "pid": self.child.pid, "starts": self.starts}
        self.home.write_state(self.name, state)

    def _stop(self) -> None:
        if self.child is None:
            return
        for number in (self.service.STOP_SIGNAL, signal.SIGQUIT, signal.SIGKILL):
            self.child.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(GRACE_SECONDS if number == self.service.STOP_SIGNAL else 0.5)
                return

    @property
    def _log(self) -> Path:
        return self.home.log / f"{self.name}.log"

    def _trim_log(self) -> None:
        with contextlib.suppress(OSError):
            if self._log.stat().st_size > LOG_BYTES:
                self._log.replace(self._log.with_suffix(".log.1"))

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError), self._log.open("a") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} keeper: {self.name} {text}\n")


def main(arguments: list[str]) -> int:
    """Run a keeper: HOME SERVICE [--fast]; a second one for the same server ends at once."""
    home, name = Home(arguments[0]), arguments[1]
    lock = home.lock(f"{name}.keeper")
    deadline = time.monotonic() + OTHER_KEEPER_SECONDS
    # Sharers look at this lock by taking it for an instant: one refusal does not mean another keeper.
    while not lock.take(wait=False):
        if time.monotonic() > deadline:
            return 0
        time.sleep(0.01)
    home.write_state(name, {"keeper": os.getpid(), "pid": 0, "starts": 0})
    Keeper(home, name, fast="--fast" in arguments).run()
    lock.release()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
