"""The processes that serve: `web`, `worker`, and `up`, which runs both with the servers they need."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections import deque
from functools import cache
from typing import Any

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from litestar import Litestar

from core import logging
from core.cli.database import migrate_all
from core.cli.demo_notice import demo_notice, keep_address
from core.cli.serving import serving
from core.cli.supervisor import Supervisor, answers, refuse_used_port
from core.embedded.launcher import die_with_parent, python_environment
from core.ext.registry import load
from core.ext.specs import Process
from core.settings import Settings

WORKER_STOP_SECONDS = 2
HOPELESS_RESPAWNS = 5
HOPELESS_SECONDS = 5.0
GARBAGE = 20_000
"""So many new objects before Python looks for cycles among them; a request makes a few thousand."""
GRANIAN_LOGGERS = {
    name: {"handlers": [], "level": "INFO", "propagate": True} for name in ("_granian", "granian.access")
}


class Granian(Server):  # type: ignore[misc, valid-type]
    """A web server that goes on when its workers are killed.

    The library ends itself when a worker dies twice within five and a half seconds, and the whole server has to be
    started anew. That is right for workers that cannot begin, and they fail time after time.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._respawns: dict[int, deque[float]] = {}

    def _respawn_workers(self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        now = time.monotonic()
        for number in workers:
            latest = self._respawns.setdefault(number, deque(maxlen=HOPELESS_RESPAWNS))
            latest.append(now)
            if len(latest) < HOPELESS_RESPAWNS or now - latest[0] > HOPELESS_SECONDS:
                self.respawned_wrks.pop(number, None)


def application() -> Litestar:
    """Give the application to a web worker; the worker ends with the process that started it."""
    if prepare := die_with_parent(signal.SIGKILL, parent=os.getppid()):
        prepare()
    settings = Settings.read()
    logging.configure(settings.log_level, settings.log_format)
    return _made()


@cache
def _made() -> Litestar:
    """Make the application once: workers that are forked have the one of their parent, where nothing connected yet."""
    from core.app import create_app

    app = create_app()
    # What exists by now stays for ever: looking through it again and again is work for nothing.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    return app


@click.command()
def web() -> None:
    """Answer requests on HOST and PORT with WEB_WORKERS processes."""
    with serving() as settings:
        # A fault in a module shows once and here; and forked workers begin with everything made.
        _made()
        Granian(
            f"{__name__}:application",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            workers=settings.web_workers,
            websockets=False,
            factory=True,
            respawn_failed_workers=True,
            workers_kill_timeout=WORKER_STOP_SECONDS,
            log_level=LogLevels.warning,
            log_dictconfig={"loggers": GRANIAN_LOGGERS},
        ).serve()


@click.command()
def worker() -> None:
    """Run background jobs, schedules and deliveries."""
    with serving() as settings:
        asyncio.run(_work(settings))


@click.command()
@click.option("--demo", is_flag=True, help="Make two demo workspaces and show how to log in.")
def up(*, demo: bool) -> None:
    """Run everything in this terminal: servers, migrations, web and worker."""
    refuse_used_port(Settings.read())
    with serving() as settings:
        migrate_all(settings, click.echo)
        if demo and not (settings.home / "demo.json").exists():
            make_demo()
        keep_address(settings.home, settings.public_url)
        commands = {"web": "web", "worker": "worker", **beside(settings)}
        supervisor = Supervisor(
            {name: [sys.executable, "-m", "core", command] for name, command in commands.items()},
            is_serving=lambda: answers(settings.host, settings.port),
            notice=lambda: notice(settings, demo=demo),
        )
        status = supervisor.run()
    raise SystemExit(status)


def beside(settings: Settings) -> dict[str, str]:
    """The commands of further processes that modules want; all processes get the variables that belong to them."""
    commands = {}
    for process in load().items(Process):
        environment = process.environment(settings)
        if environment is not None:
            os.environ.update(environment)
            commands[process.key] = process.command
    return commands


def make_demo() -> None:
    """Make the demo workspaces in a process of its own; without them the rest goes on."""
    command = [sys.executable, "-m", "core", "demo"]
    end_with_us = die_with_parent(signal.SIGTERM)
    done = subprocess.run(command, env=python_environment(), preexec_fn=end_with_us, check=False)  # noqa: S603
    if done.returncode:
        click.echo("The demo workspaces could not be made; going on without them.", err=True)


def notice(settings: Settings, *, demo: bool) -> str:
    """What the terminal shows once everything serves."""
    shown = demo_notice(settings.home) + "\n\n" if demo else ""
    return f"{shown}READY {settings.public_url}"


async def _work(settings: Settings) -> None:
    from core.app import create_runtime
    from core.app import running as connected
    from core.worker import worker as make_worker

    async with connected(create_runtime(settings)) as runtime:
        working = make_worker(runtime)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, working.stop)
        _collect_seldom()
        await working.run()


def _collect_seldom() -> None:
    """Spare the collector what lives as long as the process, and the many small objects of each batch."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


COMMANDS = [up, web, worker]
