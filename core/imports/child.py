"""Reads one file into rows, as a program of its own with little memory and time: no file can harm the server.

``python -m core.imports.child <file> <rows>`` writes a line of JSON for each row, ``[number, flaw, cells]``,
and tells on its output what it found; a file that cannot be read ends it with a word on its output as well.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from core.imports import delimited

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_S = 60
OUTPUT_BYTES = 512 * 1024 * 1024
INFLATED_BYTES = 200 * 1024 * 1024
MAX_ROWS = 1_000_000
MAX_COLUMNS = 200
MAX_CELL = 32_767
SAMPLE = 200

Row = tuple[int, str, list[str]]


class Unreadable(Exception):
    """The file cannot be read; the argument says why, in one word."""


def confine() -> None:
    """Take away what a reader does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def rows_of(path: Path) -> tuple[dict[str, Any], Iterator[Row]]:
    """Say what the file is, and give its rows that are not empty."""
    with path.open("rb") as file:
        head = file.read(8)
    if head[:4] == b"PK\x03\x04" or head == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _sheet(path)
    text, encoding = delimited.decoded(path.read_bytes())
    if not text.strip():
        raise Unreadable("empty")
    first = next(line for line in text.splitlines() if line.strip()).lstrip()
    if first.startswith("{"):
        with contextlib.suppress(ValueError):
            if isinstance(json.loads(first), dict):
                return {"kind": "ndjson", "encoding": encoding}, _objects(text)
    delimiter = delimited.sniffed(text)
    about = {"kind": "csv", "encoding": encoding, "delimiter": delimiter}
    return about, delimited.rows(text, delimiter)


def _sheet(path: Path) -> tuple[dict[str, Any], Iterator[Row]]:
    from python_calamine import CalamineError, CalamineWorkbook

    _refuse_bomb(path)
    try:
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            grid = book.get_sheet_by_name(name)
            if grid.height and grid.width:
                rows = grid.iter_rows()
                start = grid.start[0] + 1 if grid.start else 1
                return {"kind": "sheet", "sheet": name}, _cells(rows, start)
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("broken") from error
    raise Unreadable("empty")


def _refuse_bomb(path: Path) -> None:
    """Refuse an archive that says itself that it inflates too far; one that lies meets the memory limit."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > INFLATED_BYTES:
                raise Unreadable("too_large")
    except zipfile.BadZipFile as error:
        raise Unreadable("broken") from error


def _cells(rows: Iterable[Iterable[Any]], start: int) -> Iterator[Row]:
    for number, row in enumerate(rows, start):
        yield number, "", [_text(value) for value in row]


def _text(value: Any) -> str:
    """Write a cell as one would type it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() if (value.hour, value.minute, value.second) == (0, 0, 0):
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value)


def _objects(text: str) -> Iterator[Row]:
    """Lines of JSON objects as rows under the names that occur; a line that is none is a flawed row."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    read = [(number, line, _object(line)) for number, line in lines]
    names = dict.fromkeys(name for _, _, found in read if found for name in found)
    if len(names) > MAX_COLUMNS:
        raise Unreadable("too_wide")
    yield 0, "", list(names)
    for number, line, found in read:
        if found is None:
            yield number, "json", [line[:MAX_CELL]]
        else:
            yield number, "", [_json_text(found.get(name)) for name in names]


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return _text(value)


def write(rows: Iterator[Row], out: Path) -> dict[str, Any]:
    """Write the rows that are not empty and say how many there are and how wide they are."""
    first = list(islice(rows, SAMPLE))
    count = width = 0
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for number, flaw, cells in chain(first, rows):
            while cells and not cells[-1].strip():
                cells.pop()
            if not cells:
                continue
            count += 1
            width = max(width, len(cells)) if count <= SAMPLE else width
            if count > MAX_ROWS or width > MAX_COLUMNS:
                raise Unreadable("too_long" if count > MAX_ROWS else "too_wide")
            if any(len(cell) > MAX_CELL for cell in cells):
                flaw, cells = flaw or "cell", [cell[:MAX_CELL] for cell in cells]
            file.write(json.dumps((number, flaw, cells), ensure_ascii=False).replace("\\u2028", "\u2028"))
            file.write("\n")
    if not count:
        raise Unreadable("empty")
    return {"rows": count, "width": width}


def main(source: str, target: str) -> int:
    """Read ``source`` into ``target``."""
    confine()
    try:
        about, rows = rows_of(Path(source))
        answer = {**about, **write(rows, Path(target))}
    except Unreadable as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "too_large"}
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
