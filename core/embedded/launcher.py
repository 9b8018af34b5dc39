"""Decide as which user a server runs, and give its process the right beginning.

PostgreSQL refuses to run as root. An ordinary user starts it plainly; root starts it inside a user
namespace in which root is called `nobody` (the files stay root's); where namespaces are forbidden or
the home is out of reach for them, it becomes the real `nobody`, with its data under a public folder.
"""

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.embedded.home import EmbeddedError, Home

WAYS = ("plain", "namespace", "setuid")
CHOICE = "GUANXI_EMBEDDED_AS"
"""Environment: `plain`, `namespace` or `setuid` instead of finding out."""

PUBLIC_FOLDERS = (Path("/var/lib/guanxi"), Path("/var/tmp/guanxi"))  # noqa: S108 (checked for its owner)
NOBODY = 65534
_SET_PARENT_DEATH_SIGNAL = 1
_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", "--")


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start processes that must not be root."""

    way: str

    def command(self, arguments: Sequence[str | Path]) -> list[str]:
        """Put the words before a command that make it run as the right user."""
        words = [str(argument) for argument in arguments]
        return [*_NAMESPACE, *words] if self.way == "namespace" else words

    @property
    def user(self) -> int | None:
        """The user id to become, where the way asks for one."""
        return NOBODY if self.way == "setuid" else None

    def data_folder(self, home: Home, name: str) -> Path:
        """Give the folder of a server's data: in the home, unless another user must reach it."""
        if self.way != "setuid":
            return home.path / name
        digest = hashlib.sha256(os.fsencode(home.path)).hexdigest()[:16]
        return _public_folder() / digest / name

    def own(self, path: Path) -> Path:
        """Make a folder that the server's user owns alone."""
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.user is not None:
            os.chown(path, self.user, _nobody_group())
            path.parent.chmod(0o711)
        return path

    def own_tree(self, path: Path) -> None:
        """Give a folder and all in it to the server's user alone."""
        path.chmod(0o700)
        if self.user is not None:
            for folder, _, names in os.walk(path):
                for entry in (folder, *(os.path.join(folder, name) for name in names)):
                    os.chown(entry, self.user, _nobody_group(), follow_symlinks=False)

    def start(self, arguments: Sequence[str | Path], log: Path, death_signal: int) -> subprocess.Popen[bytes]:
        """Start a server that dies with this process; its output goes to the end of the log file."""
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 (our own binaries and folders)
                self.command(arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(),
                cwd="/",
                start_new_session=True,
                user=self.user,
                group=None if self.user is None else _nobody_group(),
                extra_groups=None if self.user is None else [],
                preexec_fn=die_with_parent(death_signal),
            )

    def call(self, arguments: Sequence[str | Path]) -> str:
        """Run a tool to its end and return its output; its failure is an `EmbeddedError`."""
        done = subprocess.run(  # noqa: S603 (our own binaries and folders)
            self.command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd="/",
            user=self.user,
            group=None if self.user is None else _nobody_group(),
            extra_groups=None if self.user is None else [],
            check=False,
        )
        output = done.stdout.decode(errors="replace").strip()
        if done.returncode:
            raise EmbeddedError(f"{Path(str(arguments[0])).name} failed ({done.returncode}):\n{output}")
        return output


def choose(home: Home, binary: Path) -> Launch:
    """Find the way in which `binary` can run on the data of `home`."""
    chosen = os.environ.get(CHOICE, "")
    if chosen and chosen not in WAYS:
        raise EmbeddedError(f"{CHOICE} is {chosen!r}; it must be one of {', '.join(WAYS)}")
    if chosen:
        return Launch(chosen)
    if os.geteuid() != 0:
        return Launch("plain")
    return Launch("namespace" if _namespace_works(home, binary) else "setuid")


def environment() -> dict[str, str]:
    """Give servers an environment of their own: no locale, no PG variables of the operator."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def python_environment() -> dict[str, str]:
    """Give this process' environment to another Python of ours, with the way to our packages in it."""
    paths = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def die_with_parent(death_signal: int, *, parent: int | None = None) -> Callable[[], None] | None:
    """Give what a child runs so that it never outlives its parent, this process by default (Linux only)."""
    if sys.platform != "linux":
        return None
    # Found before the fork: between fork and exec only the system call itself is safe.
    library, expected = ctypes.CDLL(None, use_errno=True), parent or os.getpid()

    def prepare() -> None:
        library.prctl(_SET_PARENT_DEATH_SIGNAL, death_signal, 0, 0, 0)
        if os.getppid() != expected:
            os.kill(os.getpid(), signal.SIGKILL)

    return prepare


def reachable(binary_root: Path, launch: Launch, version: str) -> Path:
    """Give a copy of the programs that the server's user can read; the original where it can."""
    if launch.user is None or _can_read(binary_root / "bin" / "postgres"):
        return binary_root
    copy = _public_folder() / f"programs-{version}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(binary_root, draft / binary_root.name, symlinks=True)
        for libraries in binary_root.parent.parent.glob("*.libs"):
            shutil.copytree(libraries, draft / libraries.name)
        subprocess.run(["chmod", "-R", "a+rX,go-w", str(draft)], check=True)  # noqa: S603, S607
        draft.rename(copy)
    return copy / binary_root.name


def _namespace_works(home: Home, binary: Path) -> bool:
    if sys.platform != "linux" or shutil.which(_NAMESPACE[0]) is None:
        return False
    script = 'test -w "$0" && exec "$1" --version'
    done = subprocess.run(  # noqa: S603 (fixed words and our own paths)
        [*_NAMESPACE, "sh", "-c", script, str(home.path), str(binary)], capture_output=True, check=False
    )
    return done.returncode == 0


def _can_read(path: Path) -> bool:
    command, group = ["test", "-x", str(path)], _nobody_group()
    done = subprocess.run(command, user=NOBODY, group=group, extra_groups=[], check=False)  # noqa: S603
    return done.returncode == 0


def _public_folder() -> Path:
    for folder in PUBLIC_FOLDERS:
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        if not folder.is_symlink() and folder.stat().st_uid == os.geteuid():
            return folder
    raise EmbeddedError(f"no public folder can be made for the database: {PUBLIC_FOLDERS[0]}")


def _nobody_group() -> int:
    try:
        return pwd.getpwuid(NOBODY).pw_gid
    except KeyError:
        return NOBODY
