"""Cells of spreadsheets that leave the product: nothing in them may run when somebody opens the file. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["csv_text", "neutral", "plain"]

MARK: Final = "\ufeff"
"""Without it Excel takes UTF-8 for the local code page."""
_DANGEROUS: Final = frozenset("=+-@\t\r\n＝＋－＠")
_NUMBER: Final = re.compile(r"[+-]?[\d][\d ,.]*")


def neutral(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula; numbers and phones stay."""
    if text and text[0] in _DANGEROUS and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def plain(text: str) -> str:
    """Take away the apostrophe that :func:`neutral` put."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _DANGEROUS else text


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Write rows of neutral cells as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([neutral(cell) for cell in row])
    return out.getvalue()
