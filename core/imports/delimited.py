"""Reads delimited text of any encoding and delimiter; broken quotation marks spoil their own row and no other."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence

DELIMITERS = ",\t;|"
MOST_LINES = 100
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FOREIGN = re.compile("[^\x00-\x7f]")
LOST = "\ufffd"
csv.field_size_limit(1 << 20)


def decoded(data: bytes) -> tuple[str, str]:
    """Give the text and its encoding: by its mark, else the first that fits of UTF-16, UTF-8, GB18030, Latin."""
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "") or _wide(data[:4096])
    if encoding:
        return _lines(data.decode(encoding, "replace")), encoding
    if data.isascii():
        return _lines(data.decode("ascii")), "utf-8"
    found = [(name, data.decode(name, "replace")) for name in ("utf-8", "gb18030")]
    encoding, text = min(found, key=lambda one: one[1].count(LOST))
    if encoding == "gb18030" and not _is_chinese(text):
        return _lines(data.decode("cp1252", "replace")), "cp1252"
    return _lines(text), encoding


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _wide(head: bytes) -> str:
    """Recognise UTF-16 without a mark by the zero bytes of its Latin letters and delimiters."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    few = len(head) // 40 + 1
    if odd >= few and odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even >= few and even > 4 * odd else ""


def _is_chinese(text: str) -> bool:
    """Whether most of it is in everyday use: what is no Chinese reads as rare characters."""
    letters = "".join(FOREIGN.findall(text[:500_000])).replace(LOST, "")
    return 2 * len(letters) * 0.7 <= len(letters.encode("gb2312", "ignore"))


def sniffed(text: str) -> str:
    """Guess the delimiter: the one that most often stands the same number of times in each of the first lines."""
    lines = [line for line in text[:200_000].split("\n")[:200] if line.strip()]

    def score(mark: str) -> tuple[float, int]:
        counts = Counter(_outside(line).count(mark) for line in lines)
        counts.pop(0, None)
        if not counts:
            return 0.0, 0
        times, share = counts.most_common(1)[0]
        return share / len(lines), times

    best = max(DELIMITERS, key=score)
    return best if score(best)[0] > 0 else ","


def _outside(line: str) -> str:
    """The line without what stands in quotation marks."""
    return re.sub('"[^"]*"', "", line) if '"' in line else line


def rows(text: str, delimiter: str) -> Iterator[tuple[int, str, list[str]]]:
    """Give the rows with the number of their first line, and what is wrong with them: '', 'quotes', 'encoding'."""
    lines = text.split("\n")
    at, expected = 0, 0
    while at < len(lines):
        cells, used = _record(lines, at, delimiter, expected)
        flaw = "quotes" if used == 0 else ""
        if any(LOST in cell for cell in cells):
            flaw = flaw or "encoding"
        expected = expected or len(cells)
        yield at + 1, flaw, cells
        at += used or 1


def _record(lines: Sequence[str], at: int, delimiter: str, expected: int) -> tuple[list[str], int]:
    """One row and how many lines it takes; 0 lines where its quotation marks do not match."""
    line = lines[at]
    if '"' not in line:
        return line.split(delimiter), 1
    cells, used = _quoted(lines[at : at + 1], delimiter)
    if not used:
        cells, used = _quoted(lines[at : at + MOST_LINES], delimiter)
        if used and not _is_likely(cells, lines[at : at + used], delimiter, expected):
            used = 0
    if used:
        return cells, used
    return [_bare(cell) for cell in line.split(delimiter)], 0


def _quoted(lines: Sequence[str], delimiter: str) -> tuple[list[str], int]:
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    try:
        cells = next(reader)
    except (csv.Error, StopIteration):
        return [], 0
    return cells, reader.line_num


def _is_likely(cells: Sequence[str], lines: Sequence[str], delimiter: str, expected: int) -> bool:
    """Whether a row over several lines is one, and not rows between two stray quotation marks."""
    if not expected:
        return True
    if len(cells) != expected:
        return False
    return expected < 2 or not any(line.count(delimiter) >= expected - 1 for line in lines[1:-1])


def _bare(cell: str) -> str:
    return cell.strip().removeprefix('"').removesuffix('"').replace('""', '"')
