"""What must be true of the data folder before the server starts: made, or of this major version.

Owns: the first making and the upgrade from an older major version, whose data is kept beside the new.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.embedded import cluster, disk
from core.embedded.home import EmbeddedError, Home
from core.embedded.launcher import Launch, environment

OLD_PROGRAMS = "GUANXI_POSTGRES_OLD_BIN"
"""Environment: the bin folder of the PostgreSQL that wrote the data, for an upgrade."""
START_SECONDS = 60.0
_OWN_ROLE = f"CREATE ROLE {cluster.SUPERUSER};\n"


def prepare(home: Home, *, fast: bool) -> None:
    """Make the data folder where there is none; upgrade an older one where its programs are at hand."""
    launch = cluster.launch_of(home)
    data = launch.data_folder(home, cluster.NAME)
    draft, upgraded = data.with_name(f"{cluster.NAME}.making"), data.with_name(f"{cluster.NAME}.upgraded")
    disk.keep_reserve(home)
    if not data.exists() and upgraded.exists():
        # An upgrade was cut short between its last two steps.
        upgraded.rename(data)
    if not data.exists():
        cluster.make(home, launch, draft, fast=fast)
        draft.rename(data)
    found, have = int((data / "PG_VERSION").read_text()), cluster.version(cluster.programs())
    if found == have:
        return
    old = _old_programs(data, found, have)
    dump = home.path / "upgrade.sql"
    try:
        _dump(home, launch, old, data, dump)
        cluster.make(home, launch, draft, fast=fast)
        _load(home, launch, draft, dump)
    finally:
        dump.unlink(missing_ok=True)
    shutil.rmtree(upgraded, ignore_errors=True)
    draft.rename(upgraded)
    data.rename(data.with_name(f"{cluster.NAME}-{found}.kept"))
    upgraded.rename(data)


def _old_programs(data: Path, found: int, have: int) -> Path:
    folder = Path(os.environ.get(OLD_PROGRAMS) or f"/usr/lib/postgresql/{found}/bin")
    if found < have and (folder / "postgres").exists() and cluster.version(folder) == found:
        return folder
    raise EmbeddedError(
        f"{data} was written by PostgreSQL {found}, this is PostgreSQL {have}. Nothing was changed. "
        f"To upgrade, set {OLD_PROGRAMS} to the bin folder of a PostgreSQL {found}; "
        f"to go on without, set {cluster.PROGRAMS} to it."
    )


def _dump(home: Home, launch: Launch, old: Path, data: Path, dump: Path) -> None:
    kept = data.with_name(f"{cluster.NAME}-{data.joinpath('PG_VERSION').read_text().strip()}.kept")
    if kept.exists():
        raise EmbeddedError(f"{kept} is in the way of an upgrade: move it elsewhere")
    with _running(home, launch, old, data):
        # The old programs know best what in their catalogues is theirs alone.
        _client(home, old / "pg_dumpall", "--file", str(dump))
    dump.chmod(0o600)


def _load(home: Home, launch: Launch, data: Path, dump: Path) -> None:
    script = dump.with_suffix(".new.sql")
    try:
        with dump.open() as source, script.open("w") as target:
            script.chmod(0o600)
            is_open = True
            for line in source:
                # The new cluster has its superuser; everything else of the old one is made.
                if is_open and line == _OWN_ROLE:
                    is_open = False
                    continue
                target.write(line)
        with _running(home, launch, cluster.programs_for(launch), data):
            words = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(script), "-d", "postgres"]
            _client(home, cluster.programs() / "psql", *words)
    finally:
        script.unlink(missing_ok=True)


@contextmanager
def _running(home: Home, launch: Launch, folder: Path, data: Path) -> Iterator[None]:
    """Run a server of its own on a data folder, reachable by its socket alone."""
    (data / "postmaster.pid").unlink(missing_ok=True)
    settings = [f"unix_socket_directories={cluster.socket_folder(home)}", "listen_addresses="]
    words = [word for setting in settings for word in ("-c", setting)]
    command: list[str | Path] = [folder / "postgres", "-D", data, *words]
    process = launch.start(command, home.log / f"{cluster.NAME}.log", signal.SIGINT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_up(home):
            if process.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedError(f"{folder}/postgres does not start:\n{home.log_tail(cluster.NAME)}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _is_up(home: Home) -> bool:
    try:
        _client(home, cluster.programs() / "pg_isready", "-q")
    except EmbeddedError:
        return False
    return True


def _client(home: Home, program: Path, *words: str) -> None:
    place = ["--host", str(cluster.socket_folder(home)), "--port", str(cluster.PORT)]
    done = subprocess.run(  # noqa: S603 (our own programs and folders)
        [program, *place, "--username", cluster.SUPERUSER, *words],
        env={**environment(), "PGPASSWORD": cluster.password(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EmbeddedError(f"{program.name} failed: {done.stderr.strip()}")
