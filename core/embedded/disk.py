"""Room on the disk: a reserve file, and the point at which the database stops taking writes.

A write-ahead log that fills the disk stops PostgreSQL altogether. So writes end earlier, while there is
still room for what runs; and if the disk fills nevertheless, the reserve file makes room for recovery.
"""

import contextlib
import os
import shutil
from pathlib import Path

from core.embedded.home import Home

MEGABYTE = 1024 * 1024
RESERVE = 64 * MEGABYTE
LOW = 192 * MEGABYTE
"""Below this nothing is written any more."""
ENOUGH = 320 * MEGABYTE
"""Above this writing goes on; the distance keeps the state from flickering."""
FULL = 16 * MEGABYTE

_low: dict[Path, bool] = {}


def free(home: Home) -> int:
    """Give the bytes free for the home."""
    return shutil.disk_usage(home.path).free


def is_full(home: Home) -> bool:
    """Say whether not even recovery has room."""
    return free(home) < FULL


def is_low(home: Home) -> bool:
    """Say whether the database must not be written to now."""
    left = free(home)
    _low[home.path] = left < (ENOUGH if _low.get(home.path) else LOW)
    return _low[home.path]


def changed(home: Home) -> bool:
    """Say whether `is_low` is another than when last asked; refills the reserve when there is room again."""
    before = _low.get(home.path, False)
    now = is_low(home)
    if before and not now:
        keep_reserve(home)
    return before != now


def keep_reserve(home: Home) -> None:
    """Make the reserve file, where there is plenty of room for it."""
    path = home.path / "reserve"
    if path.exists() or free(home) < ENOUGH + RESERVE:
        return
    with contextlib.suppress(OSError), path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, RESERVE)
        else:
            file.write(bytes(RESERVE))


def drop_reserve(home: Home) -> None:
    """Give the reserve back to the disk."""
    (home.path / "reserve").unlink(missing_ok=True)
