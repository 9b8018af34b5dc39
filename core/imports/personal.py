"""What imports hold about people: files with their rows, values that a revert would bring back, refused rows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, select, update

from core.ext.hooks import hookimpl
from core.ext.specs import Person, PersonalData
from core.imports.models import ImportRow, ImportRowError, ImportRun
from core.kernel.errors import NotFound
from core.kernel.i18n import N_
from core.records.people import AT, Rows, without
from core.tenancy.ctx import Ctx

ROWS: Final = Rows(model=ImportRow, whose=((AT, "record_id"),), is_removed=True)
FEWEST_DIGITS: Final = 7
COUNTRY_DIGITS: Final = 3
_NO_DIGIT: Final = re.compile(r"\D")


class Marks:
    """What a person is recognised by in the text of a row, however numbers are written there."""

    def __init__(self, person: Person) -> None:
        self._words = [word.lower() for word in person.words]
        digits = (_NO_DIGIT.sub("", phone.partition(";")[0]) for phone in person.phones)
        self._digits = [one[COUNTRY_DIGITS:] for one in digits if len(one) >= FEWEST_DIGITS + COUNTRY_DIGITS]

    def are_in(self, text: str) -> bool:
        """Whether the text names the person."""
        low = text.lower()
        if any(word in low for word in self._words):
            return True
        plain = _NO_DIGIT.sub("", text) if self._digits else ""
        return any(one in plain for one in self._digits)

    def are_in_file(self, path: Path) -> bool:
        """Whether a line of the file names the person."""
        with path.open(encoding="utf-8", errors="replace") as file:
            return any(self.are_in(line) for line in file)


async def erase(ctx: Ctx, person: Person) -> Sequence[str]:
    """Forget what a revert would bring back, refused rows, and files with the person; gives their digests."""
    marks = Marks(person)
    found = select(ImportRow.run_id).where(ROWS.where(person))
    named = set(await ctx.session.scalars(found))
    await ctx.session.execute(delete(ImportRow).where(ROWS.where(person)))
    for row in (await ctx.session.execute(select(ImportRowError))).scalars().all():
        if marks.are_in(" ".join(row.cells)):
            named.add(row.run_id)
            blank = update(ImportRowError).where(
                ImportRowError.run_id == row.run_id, ImportRowError.row_no == row.row_no
            )
            await ctx.session.execute(blank.values(cells=[""] * len(row.cells), errors=[]))
    digests: list[str] = []
    for run in await ctx.session.scalars(select(ImportRun)):
        run.file_name = str(without(person.words, run.file_name))
        if run.rows_sha256 and (run.id in named or await _holds(ctx, run, marks)):
            digests += [run.rows_sha256, *([run.file_sha256] if run.file_sha256 else [])]
            run.file_sha256 = run.rows_sha256 = None
            run.state = "cancelled" if run.state in {"mapping", "checked"} else run.state
    await ctx.session.flush()
    return digests


async def _holds(ctx: Ctx, run: ImportRun, marks: Marks) -> bool:
    try:
        path = ctx.machinery.files.path(ctx.tenant.schema, run.rows_sha256 or "")
    except NotFound:
        return False
    return await asyncio.to_thread(marks.are_in_file, path)


async def export(ctx: Ctx, person: Person) -> Sequence[Mapping[str, Any]]:
    """Give which imports brought or changed the person's records, what stood there before, and refused rows."""
    marks = Marks(person)
    refused = await ctx.session.scalars(select(ImportRowError))
    cells = [{"row": row.row_no, "cells": row.cells} for row in refused if marks.are_in(" ".join(row.cells))]
    return [*await ROWS.export(ctx, person), *cells]


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """Rows of files."""
    return [PersonalData(key="imports", title=N_("Imports"), export=export, erase=erase)]
