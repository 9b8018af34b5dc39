"""The jobs of exports: write the file batch by batch, and remove files whose time is over."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from core.exports import queries, service
from core.exports.service import JOB, WriteParams
from core.exports.writing import WRITERS, Writer, cells
from core.ext.specs import JobSpec
from core.kernel.errors import AppError
from core.kernel.files import chunks, forget
from core.kernel.i18n import N_
from core.kernel.jobs import Cancelled, GiveUp
from core.records import lists
from core.tenancy.ctx import Ctx

BATCH: Final = 1_000
TOLD_EVERY: Final = 5
EXPIRE: Final = "exports.expire"
SCRATCH: Final = "gx-export-"
ABANDONED_S: Final = 2 * 3600
"""A folder this old belongs to a job that was killed: no export may take longer."""
MOST_BYTES: Final = 1 << 30


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def write_export(run: Any) -> None:
    """Read the list by its keys and write the file; a killed job begins anew, as no half file is of use."""
    params: WriteParams = run.params
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as folder:
        path = Path(folder) / "file"
        async with run.open() as ctx:
            query, titles, format_ = await _plan(ctx, params)
            files, schema = ctx.machinery.files, ctx.tenant.schema
        writer = WRITERS[format_](path, titles)
        rows = await _rows(run, query, writer)
        await asyncio.to_thread(writer.close)
        stored = await files.save(schema, chunks(path), f"export.{format_}", max_bytes=MOST_BYTES)
    await run.step("finish", service.finish, params.export_id, stored, rows)


async def _plan(ctx: Ctx, params: WriteParams) -> tuple[Any, list[str], str]:
    try:
        export = await queries.get(ctx, params.export_id)
        query = service.question(ctx, export)
    except AppError as error:
        raise GiveUp("the list cannot be exported any more") from error
    return query, [ctx.t(column.title) for column in query.columns], export.format


async def _rows(run: Any, query: Any, writer: Writer) -> int:
    rows = batches = 0
    following: str | None = ""
    while following is not None:
        async with run.open() as ctx:
            listing = await lists.run(ctx, replace(query, limit=BATCH, cursor=following))
            found = cells(ctx, listing)
        await asyncio.to_thread(writer.write, found)
        rows, batches, following = rows + len(found), batches + 1, listing.next
        if batches % TOLD_EVERY == 0:
            run.progress(done=rows)
            await run.step(f"attempt-{run.job.claims}-rows-{rows}", _tell)
        if run.cancelled:
            raise Cancelled
    run.progress(done=rows, total=rows)
    return rows


async def _tell(_ctx: Ctx) -> None:
    """Do nothing: the step is there to show the progress."""


async def expire(run: Any) -> None:
    """Forget old files, then remove their bytes."""
    await forget(run, service.expire)


async def sweep(_runtime: Any, _params: Nothing) -> None:
    """Remove the half-written files of jobs that were killed."""
    await asyncio.to_thread(remove_abandoned, Path(tempfile.gettempdir()), time.time())


def remove_abandoned(folder: Path, now: float) -> int:
    """Remove the abandoned folders of exports; gives their number."""
    found = [path for path in folder.glob(f"{SCRATCH}*") if now - path.stat().st_mtime > ABANDONED_S]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return len(found)


JOBS: Final = [
    JobSpec(
        name="exports.sweep",
        handler=sweep,
        params=Nothing,
        title=N_("Remove what killed exports left"),
        kind="control",
        every_s=3_600,
    ),
    JobSpec(
        name=JOB,
        handler=write_export,
        params=WriteParams,
        title=N_("Export a list"),
        kind="bulk",
        timeout_s=3600,
        page="/exports/{export_id}",
    ),
    JobSpec(
        name=EXPIRE,
        handler=expire,
        params=Nothing,
        title=N_("Remove old exports"),
        kind="scheduled",
        every_s=86_400,
    ),
]
