"""Writes rows into a CSV or XLSX file, a batch at a time, in memory that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from core.ext.specs import Column
from core.kernel.cells import MARK, csv_text, neutral
from core.kernel.i18n import N_
from core.records.forms import plain_sum
from core.records.lists import Listing
from core.records.shown import currency_of
from core.tenancy.ctx import Ctx

Cell = str | int | float | date | datetime | None
WIDTH = 20


class Writer(Protocol):
    """A file under way."""

    def write(self, rows: Iterable[Sequence[Cell]]) -> None: ...
    def close(self) -> None: ...


class CsvWriter:
    """CSV in UTF-8 with a mark, as Excel wants it."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write(MARK)
        self.write([titles])

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Add rows."""
        self._file.write(csv_text([_text(cell) for cell in row] for row in rows))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class XlsxWriter:
    """One sheet with a bold, frozen first row."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet()
        self._sheet.freeze_panes = "A2"
        for place in range(1, len(titles) + 1):
            self._sheet.column_dimensions[get_column_letter(place)].width = WIDTH
        head = [WriteOnlyCell(self._sheet, value=neutral(title)) for title in titles]
        for cell in head:
            cell.font = Font(bold=True)
        self._sheet.append(head)

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Add rows."""
        for row in rows:
            self._sheet.append([neutral(_storable(cell)) if isinstance(cell, str) else cell for cell in row])

    def close(self) -> None:
        """Finish the file."""
        self._book.save(self._path)


WRITERS: dict[str, type[CsvWriter] | type[XlsxWriter]] = {"csv": CsvWriter, "xlsx": XlsxWriter}


def cells(ctx: Ctx, listing: Listing) -> list[list[Cell]]:
    """The rows of a list as cells: names instead of ids, sums in major units, instants in the reader's zone."""
    columns = listing.query.columns
    return [[_cell(ctx, listing, column, row) for column in columns] for row in listing.rows]


def _cell(ctx: Ctx, listing: Listing, column: Column, row: Any) -> Cell:
    value = getattr(row, column.attribute.key)
    if value is None or value == []:
        return None
    if column.kind in {"member", "ref"}:
        return listing.label(column, row)
    if column.kind == "money":
        return float(Decimal(plain_sum(value, currency_of(ctx, column, row))))
    if column.kind == "choice":
        return next((ctx.t(c.label) for c in column.choices if c.value == value), str(value))
    if column.kind == "bool":
        return ctx.t(N_("Yes")) if value else ctx.t(N_("No"))
    if column.kind == "tags":
        return ", ".join(value)
    if isinstance(value, datetime):
        return value.astimezone(ctx.zone).replace(tzinfo=None, microsecond=0)
    return float(value) if isinstance(value, Decimal) else value


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.isoformat(sep=" ", timespec="minutes")
        case date():
            return cell.isoformat()
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell)


def _storable(text: str) -> str:
    """Without the control characters that a sheet cannot hold."""
    if text.isprintable():
        return text
    return "".join(c for c in text if c >= " " or c in "\t\n\r")[:32_767]
