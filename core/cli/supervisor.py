"""The processes of `guanxi up`: start them, keep them alive, pass their lines on, stop them together.

Owns: the child processes and this terminal. A child that dies is started again; children that cannot
begin at all end the command.
"""

import asyncio
import contextlib
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import click

from core.embedded.launcher import die_with_parent, python_environment
from core.settings import Settings

STOP_SECONDS = 2.0
STEADY_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 5.0
HOPELESS_STARTS = 3
READY_POLL_SECONDS = 0.05
LINES_KEPT = 2_000


class Terminal:
    """Writes lines without ever making a child or this process wait for a reader."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_KEPT)
        self._thread = threading.Thread(target=self._write, name="terminal", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Write lines; while nobody reads, the ones too many are dropped."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(text)

    def close(self) -> None:
        """Write what is left, as far as somebody reads."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(0.5)

    def _write(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while (text := self._lines.get()) is not None:
                sys.stdout.write(text + "\n")
                sys.stdout.flush()


class Child:
    """One process of ours, and the pipe through which its lines come."""

    def __init__(self, name: str, command: Sequence[str], terminal: Terminal) -> None:
        self.name = name
        self.command = command
        self.terminal = terminal
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it in a process group of its own, so that a ctrl-C reaches this process alone."""
        environment = python_environment()
        if sys.stdout.isatty():
            environment.setdefault("GUANXI_LOG_FORMAT", "text")
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )

    async def wait(self) -> int:
        """Pass its lines on until it ends; give its status."""
        assert self.process is not None  # noqa: S101 (for the type checker)
        assert self.process.stdout is not None  # noqa: S101
        rest = b""
        while chunk := await self.process.stdout.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.terminal.say(f"{self.name:<6} | {line.decode(errors='replace')}")
        return await self.process.wait()

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it started."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                if number == signal.SIGKILL:
                    os.killpg(self.process.pid, number)
                else:
                    self.process.send_signal(number)


class Supervisor:
    """Keeps children running until a signal comes."""

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        is_serving: Callable[[], Awaitable[bool]],
        notice: Callable[[], str],
    ) -> None:
        self.terminal = Terminal()
        self.children = [Child(name, command, self.terminal) for name, command in commands.items()]
        self.is_serving = is_serving
        self.notice = notice
        self.is_ready = False
        self.status = 0

    def run(self) -> int:
        """Run to the end; give the exit status."""
        try:
            asyncio.run(self._main())
        finally:
            self.terminal.close()
        return self.status

    async def _main(self) -> None:
        self.stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ask_to_stop)
        keeping = [asyncio.create_task(self._keep(child)) for child in self.children]
        announcing = asyncio.create_task(self._announce())
        for task in (*keeping, announcing):
            task.add_done_callback(self._look_at_end)
        await self.stop.wait()
        announcing.cancel()
        await self._stop_children(keeping)

    def _look_at_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._give_up(f"guanxi up failed: {error!r}")

    def _ask_to_stop(self) -> None:
        if self.stop.is_set():
            for child in self.children:
                child.signal(signal.SIGKILL)
        self.stop.set()

    def _give_up(self, reason: str) -> None:
        self.terminal.say(reason)
        self.status = 1
        self.stop.set()

    async def _keep(self, child: Child) -> None:
        """Start a child again and again, with longer pauses while it does not last."""
        failures = 0
        while not self.stop.is_set():
            began = time.monotonic()
            await child.start()
            status = await child.wait()
            if self.stop.is_set():
                return
            failures = 0 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            if failures >= HOPELESS_STARTS and not self.is_ready:
                self._give_up(f"{child.name} cannot start (status {status}); see the lines above")
                return
            pause = min(LONGEST_PAUSE_SECONDS, 0.1 * 2**failures) if failures > 1 else 0.0
            self.terminal.say(f"{child.name} ended with status {status}; starting it again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), pause)

    async def _announce(self) -> None:
        while not self.is_ready:
            await asyncio.sleep(READY_POLL_SECONDS)
            self.is_ready = await self.is_serving()
        self.terminal.say(self.notice())

    async def _stop_children(self, keepers: list[asyncio.Task[None]]) -> None:
        for child in self.children:
            child.signal(signal.SIGTERM)
        _, left = await asyncio.wait(keepers, timeout=STOP_SECONDS)
        for child in self.children:
            child.signal(signal.SIGKILL)
        if left:
            await asyncio.wait(left, timeout=0.5)


async def answers(host: str, port: int) -> bool:
    """Say whether the web process is ready to serve."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (comparing, not binding)
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(target, port)
            shown = f"[{target}]" if ":" in target else target
            request = f"GET /health/ready HTTP/1.1\r\nHost: {shown}:{port}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return line.split()[1:2] == [b"200"]


def refuse_used_port(settings: Settings) -> None:
    """Say that somebody listens already: the web server itself would share the port with them."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise click.ClickException(
                f"{settings.host}:{settings.port} cannot be used ({error.strerror}); set PORT to another port"
            ) from error
