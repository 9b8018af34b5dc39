"""The file of refused rows: each as it stood in the file, with its number, the field and the reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from litestar import Response

from core.imports import queries
from core.imports.fields import Target, targets
from core.imports.models import ImportRun
from core.kernel.cells import MARK, csv_text
from core.kernel.files import download_headers
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx

Names = Mapping[str, Target]
HEADS = (N_("Row"), N_("Field"), N_("Reason"))
COLUMN = N_("Column {number}")


async def parts(ctx: Ctx, run: ImportRun) -> AsyncIterator[str]:
    """Yield the file as CSV, in the reader's language."""
    titles = [title or ctx.t(COLUMN, number=place) for place, title in enumerate(run.columns, 1)]
    yield MARK + csv_text([[*titles, *map(ctx.t, HEADS)]])
    names = known(ctx, run)
    after = -1
    while rows := await queries.errors(ctx, run.id, after=after):
        after = rows[-1][0]
        yield csv_text(_row(ctx, row, names, len(titles)) for row in rows)


def _row(ctx: Ctx, row: tuple[int, list[str], list[Any]], names: Names, width: int) -> list[str]:
    number, cells, errors = row
    padded = [*cells, *[""] * (width - len(cells))]
    if len(padded) > width:
        # What was too much goes into the last column, so that those after it keep their place.
        padded = [*padded[: width - 1], " | ".join(padded[width - 1 :])]
    found = (names.get(error["path"].split(".")[0]) for error in errors)
    fields = dict.fromkeys(ctx.t(target.title) for target in found if target is not None)
    return [*padded, str(number), ", ".join(fields), reasons(ctx, errors, names)]


def known(ctx: Ctx, run: ImportRun) -> Names:
    """The fields that errors may name."""
    return {target.name: target for target in targets(queries.type_of(ctx, run))}


def reasons(ctx: Ctx, errors: Sequence[Mapping[str, Any]], names: Names) -> str:
    """Why a row was refused, in the reader's language."""
    return "; ".join(_reason(ctx, error, names) for error in errors)


def _reason(ctx: Ctx, error: Mapping[str, Any], names: Names) -> str:
    target = names.get(error["path"].split(".")[0])
    message, params = str(error["message"]), dict(error["params"])
    if target is not None and target.choices and "choices" in params:
        params["choices"] = ", ".join(ctx.t(choice.label) for choice in target.choices)
    text = ctx.t(message, **params)
    return f"{ctx.t(target.title)}: {text}" if target is not None else text


async def error_file(ctx: Ctx, run: ImportRun) -> Response[bytes]:
    """The refused rows as a download."""
    text = "".join([part async for part in parts(ctx, run)])
    stem = run.file_name.rpartition(".")[0] or run.file_name
    headers = download_headers(f"{stem}-errors.csv", "text/csv")
    return Response(text.encode(), headers=headers, media_type="text/csv")
