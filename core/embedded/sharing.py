"""Processes that share one server: who comes first starts its keeper, who leaves last stops it.

A sharer holds a shared lock as long as it lives; the keeper holds a lock of its own. Both vanish with
their process, so a killed sharer is not counted and a killed keeper is replaced.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.embedded.home import EmbeddedError, Home
from core.embedded.launcher import python_environment

START_SECONDS = 30.0
STOP_SECONDS = 10.0
LOOK_SECONDS = 0.25
POLL_SECONDS = 0.02


class Share:
    """This process' part in one server of a home."""

    def __init__(self, home: Home, name: str, *, fast: bool = False) -> None:
        self.home = home
        self.name = name
        self.fast = fast
        self._members = home.lock(f"{name}.members")
        self._keeper = home.lock(f"{name}.keeper")
        self._left = threading.Event()
        self._guard: threading.Thread | None = None

    def join(self, prepare: Callable[[], None], ready: Callable[[], bool]) -> None:
        """Start the server or use the running one; return once `ready` says so."""
        self._members.take(shared=True)
        try:
            with self.home.lock(f"{self.name}.prepare"):
                if self._keeper.is_free():
                    prepare()
                    self._spawn()
                self._wait(ready)
        except BaseException:
            self.leave()
            raise
        self._guard = threading.Thread(target=self._respawn_keeper, name=f"{self.name}-guard", daemon=True)
        self._guard.start()

    def leave(self) -> None:
        """Stop using the server; the last one to leave stops it and waits for its end."""
        if self._left.is_set():
            return
        self._left.set()
        if self._guard is not None:
            self._guard.join()
        if self._members.take(wait=False):
            self._stop_keeper()
        self._members.release()

    @property
    def pid(self) -> int:
        """The server's process id, as its keeper last wrote it."""
        return int(self.home.read_state(self.name).get("pid") or 0)

    @property
    def keeper_pid(self) -> int:
        """The process id of the keeper, 0 without one."""
        return 0 if self._keeper.is_free() else int(self.home.read_state(self.name).get("keeper") or 0)

    def _spawn(self) -> None:
        arguments = [str(self.home.path), self.name, *(["--fast"] if self.fast else [])]
        with (self.home.log / f"{self.name}.log").open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 (this interpreter and our own module)
                [sys.executable, "-m", "core.embedded.keeper", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=python_environment(),
                start_new_session=True,
            )
        # A keeper outlives this process when others share it: it is reaped here only if it ends first.
        threading.Thread(target=process.wait, name=f"{self.name}-reaper", daemon=True).start()

    def _wait(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        look = time.monotonic() + 4 * LOOK_SECONDS
        while not ready():
            if time.monotonic() > look and self._keeper.is_free():
                self._spawn()
                look = time.monotonic() + 4 * LOOK_SECONDS
            if time.monotonic() > deadline:
                tail = self.home.log_tail(self.name)
                raise EmbeddedError(
                    f"{self.name} did not start within {START_SECONDS:.0f} s; its log ends:\n{tail}"
                )
            time.sleep(POLL_SECONDS)

    def _respawn_keeper(self) -> None:
        while not self._left.wait(LOOK_SECONDS):
            # The lock can only be free while no keeper lives; two spawned at once settle it by that lock.
            if self._keeper.is_free():
                self._spawn()
                self._left.wait(LOOK_SECONDS * 4)

    def _stop_keeper(self) -> None:
        """Holding the members' lock alone: nobody can join until the keeper is gone."""
        deadline = time.monotonic() + STOP_SECONDS
        while not self._keeper.is_free() and time.monotonic() < deadline:
            with contextlib.suppress(ProcessLookupError):
                if pid := int(self.home.read_state(self.name).get("keeper") or 0):
                    os.kill(pid, 15)
            time.sleep(POLL_SECONDS * 2)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server that this process shares."""

    url: str
    share: Share

    @property
    def dsn(self) -> str:
        """The address, by the name that database drivers use."""
        return self.url

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.share.pid

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it."""
        self.share.leave()
