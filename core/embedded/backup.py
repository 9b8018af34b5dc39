"""Copies of a whole installation: the database as files, the uploads, the master key.

Owns: the layout of a backup folder. A backup is made beside the running server and checked before it counts.
Never: overwrites anything; a backup needs a new folder, a restore an empty home.
"""

import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from core.embedded import cluster, postgres
from core.embedded.home import EmbeddedError, Home, write_private
from core.embedded.launcher import environment

FORMAT = 1
KEPT = ("secret.key", "postgres.password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a backup folder holds; written as `backup.json`, last of all."""

    format: int
    made_at: str
    postgres: int
    has_key: bool
    files: int


def backup(home: Home, target: Path) -> Contents:
    """Copy the installation into a new folder; readers and writers go on meanwhile."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise EmbeddedError(f"{target} is not empty: a backup needs a folder of its own")
    draft = target.absolute().with_name(f"{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    server = postgres.start(home.path)
    try:
        _copy_database(server.dsn, draft / "postgres")
    finally:
        server.stop()
    # After the database: every file that it names is there by now; files that came later do no harm.
    files = _copy_files(home.files, draft / "files")
    for name in KEPT:
        if (home.path / name).exists():
            write_private(draft / name, (home.path / name).read_text())
    _verify(draft / "postgres")
    contents = Contents(
        format=FORMAT,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        postgres=cluster.version(cluster.programs()),
        has_key=(draft / "secret.key").exists(),
        files=files,
    )
    write_private(draft / "backup.json", json.dumps(asdict(contents)))
    if target.exists():
        target.rmdir()
    draft.rename(target)
    return contents


def restore(source: Path, home: Home) -> Contents:
    """Fill an empty home from a backup, start the database once and look at it."""
    contents = read(source)
    launch = cluster.launch_of(home)
    data = launch.data_folder(home, cluster.NAME)
    if data.exists():
        raise EmbeddedError(f"{data} exists: restore into an empty home (GUANXI_HOME)")
    _refuse_other_key(source, home)
    _verify(source / "postgres")
    _copy_files(source / "files", home.files)
    for name in KEPT:
        if (source / name).exists():
            write_private(home.path / name, (source / name).read_text())
    draft = data.with_name(f"{cluster.NAME}.making")
    shutil.rmtree(draft, ignore_errors=True)
    launch.own(draft)
    shutil.copytree(source / "postgres", draft, symlinks=True, dirs_exist_ok=True)
    launch.own_tree(draft)
    # Last: without the data folder the home still counts as empty, so a killed restore is simply run again.
    draft.rename(data)
    postgres.start(home.path).stop()
    return contents


def read(source: Path) -> Contents:
    """Read what a folder says it holds; refuse what is no complete backup for this installation."""
    try:
        contents = Contents(**json.loads((source / "backup.json").read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise EmbeddedError(f"{source} is no complete backup: {error}") from error
    have = cluster.version(cluster.programs())
    if contents.format != FORMAT or contents.postgres != have:
        raise EmbeddedError(
            f"{source} is a backup of format {contents.format} with PostgreSQL {contents.postgres}; "
            f"this installation reads format {FORMAT} with PostgreSQL {have}"
        )
    return contents


def _refuse_other_key(source: Path, home: Home) -> None:
    kept = source / "secret.key"
    if home.secret_key.exists() and kept.exists() and home.secret_key.read_text() != kept.read_text():
        raise EmbeddedError(f"{home.secret_key} is another key than the backup's: remove it first")


def _copy_database(dsn: str, target: Path) -> None:
    parts = urlsplit(dsn)
    place = parse_qs(parts.query)
    arguments = [
        str(cluster.programs() / "pg_basebackup"),
        *("--pgdata", str(target)),
        *("--host", place["host"][0]),
        *("--port", place["port"][0]),
        *("--username", parts.username or ""),
        *("--wal-method=stream", "--checkpoint=fast", "--no-password"),
    ]
    # By the environment: a password among the arguments would be shown by ps.
    _run(arguments, {"PGPASSWORD": unquote(parts.password or "")})


def _verify(data: Path) -> None:
    try:
        _run([str(cluster.programs() / "pg_verifybackup"), "--quiet", str(data)], {})
    except EmbeddedError as error:
        raise EmbeddedError(f"{data} is damaged: {error}") from error


def _run(arguments: list[str], variables: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 (our own programs and folders)
        arguments,
        env={**environment(), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EmbeddedError(f"{Path(arguments[0]).name} failed: {(done.stderr or done.stdout).strip()}")


def _copy_files(source: Path, target: Path) -> int:
    """Copy a tree whose files never change but may vanish meanwhile; give how many were copied."""
    copied = 0
    for folder, _, names in os.walk(source):
        place = target / Path(folder).relative_to(source)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in names:
            try:
                shutil.copy2(Path(folder) / name, place / name)
            except FileNotFoundError:
                continue
            copied += 1
    return copied
