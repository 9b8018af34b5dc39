"""Has files read by a child process, and reads the rows that it wrote, from any place on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import core
from core.kernel.errors import Invalid, Unavailable
from core.kernel.files import Store, chunks
from core.kernel.i18n import N_

ROOT = Path(core.__file__).parents[1]
WALL_S = 30
WAIT_S = 20
TOO_LARGE = N_("This file unpacks to more than can be read. Split it, or save it as CSV.")
WHY = {
    "empty": N_("There are no rows in this file."),
    "broken": N_("This file is damaged, or no spreadsheet."),
    "too_large": TOO_LARGE,
    "too_long": N_("This file has more than 1,000,000 rows. Split it."),
    "too_wide": N_("This file has more than 200 columns."),
}
# A process reads two files at a time, so that uploads cannot take all of the machine.
_places = asyncio.Semaphore(2)


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in a file: where its rows lie, and facts about it."""

    rows_sha256: str
    about: dict[str, Any]


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A row of a file as the reader found it."""

    number: int
    flaw: str
    cells: list[str]


_line = msgspec.json.Decoder(Line)


async def read(files: Store, tenant_schema: str, sha256: str) -> Read:
    """Read a stored file into stored rows.

    Raises Invalid for a file that is damaged, empty or too large once unpacked, Unavailable where too many
    are being read.
    """
    try:
        async with asyncio.timeout(WAIT_S):
            await _places.acquire()
    except TimeoutError:
        raise Unavailable(10) from None
    try:
        with tempfile.TemporaryDirectory(prefix="gx-import-") as folder:
            out = Path(folder) / "rows"
            about = await _child(files.path(tenant_schema, sha256), out)
            if "error" in about:
                raise Invalid.field("file", f"file.{about['error']}", WHY.get(about["error"], WHY["broken"]))
            stored = await files.save(tenant_schema, chunks(out), "rows.json", max_bytes=1 << 30)
    finally:
        _places.release()
    return Read(stored.sha256, about)


async def _child(source: Path, out: Path) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "core.imports.child",
        str(source),
        str(out),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=out.parent,
        env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": os.defpath},
    )
    try:
        async with asyncio.timeout(WALL_S):
            answer, _ = await process.communicate()
    except TimeoutError:
        return {"error": "too_large"}
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode or not answer:
        # It met one of its limits: memory, processor time or the size of what it may write.
        return {"error": "too_large"}
    found: dict[str, Any] = msgspec.json.decode(answer)
    return found


async def lines(
    files: Store, tenant_schema: str, rows_sha256: str, *, offset: int = 0, limit: int
) -> tuple[list[Line], int]:
    """Read up to ``limit`` rows from a place on; give them and the place after them."""
    return await asyncio.to_thread(_lines, files.path(tenant_schema, rows_sha256), offset, limit)


def _lines(path: Path, offset: int, limit: int) -> tuple[list[Line], int]:
    with path.open("rb") as file:
        file.seek(offset)
        raw = [line for _, line in zip(range(limit), file, strict=False)]
    return [_line.decode(line) for line in raw], offset + sum(map(len, raw))
