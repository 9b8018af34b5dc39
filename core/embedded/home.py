"""The home: one folder with everything that an installation keeps on disk.

Owns: its layout, its permissions, its locks and its secrets.
"""

import fcntl
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# sun_path holds 108 bytes on Linux and 104 on macOS, the terminating NUL included.
SOCKET_PATH_LIMIT = 100
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"


class EmbeddedError(RuntimeError):
    """An embedded server cannot be used; the message is meant for the operator."""


class Lock:
    """An advisory lock on a file that the kernel releases when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock, or change the kind of a lock already held."""
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._descriptor, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_free(self) -> bool:
        """Say whether nobody holds the lock exclusively (ask only without holding it)."""
        probe = Lock(self.path)
        try:
            return probe.take(shared=True, wait=False)
        finally:
            probe.release()

    def __enter__(self) -> "Lock":
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Home:
    """Paths inside the home folder; making one creates the folder, closed to other users."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().absolute()
        for folder in (self.path, self.run, self.log):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.chmod(0o700)

    @property
    def run(self) -> Path:
        """Locks, states and (where the path is short enough) sockets."""
        return self.path / "run"

    @property
    def log(self) -> Path:
        """Logs of the embedded servers."""
        return self.path / "log"

    @property
    def files(self) -> Path:
        """Uploaded files."""
        return self.path / "files"

    @property
    def secret_key(self) -> Path:
        """The master key, where the environment gives none."""
        return self.path / "secret.key"

    @property
    def sockets(self) -> Path:
        """The folder of the unix sockets: in the home, or a private short one where that path is too long."""
        if len(os.fsencode(self.run)) + len(LONGEST_SOCKET_NAME) <= SOCKET_PATH_LIMIT:
            return self.run
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return private_folder(Path(tempfile.gettempdir()) / f"guanxi-{digest}")

    def lock(self, name: str) -> Lock:
        """Give a lock of the home by its name."""
        return Lock(self.run / f"{name}.lock")

    def read_state(self, name: str) -> dict[str, Any]:
        """Read what a keeper last wrote about its server; empty when it never did."""
        try:
            state = json.loads((self.run / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def write_state(self, name: str, state: Mapping[str, Any]) -> None:
        """Replace a state file in one step."""
        write_private(self.run / f"{name}.json", json.dumps(state))

    def secret(self, path: Path) -> str:
        """Read a secret of the home, making it on first use."""
        with self.lock("secrets"):
            if not path.exists():
                write_private(path, secrets.token_urlsafe(32))
            return path.read_text().strip()

    def log_tail(self, name: str, lines: int = 12) -> str:
        """Give the last lines of a server's log, for an error message."""
        try:
            text = (self.log / f"{name}.log").read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner reads, so that a crash leaves the old one or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def private_folder(path: Path) -> Path:
    """Make a folder in a shared place and refuse one that somebody else prepared."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or (found.st_uid != os.getuid() and os.getuid() != 0):
        raise EmbeddedError(f"{path} belongs to another user: remove it or choose a shorter GUANXI_HOME")
    if found.st_uid == os.getuid():
        path.chmod(0o700)
    return path
