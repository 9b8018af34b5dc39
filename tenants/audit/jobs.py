"""The job of the audit log: write it into a CSV file."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

from core.exports import service as exports
from core.exports.jobs import SCRATCH
from core.exports.writing import CsvWriter
from core.ext.specs import JobSpec
from core.kernel.errors import AppError
from core.kernel.files import chunks
from core.kernel.i18n import N_
from core.kernel.jobs import Cancelled, GiveUp
from core.tenancy.ctx import Ctx
from tenants.audit import queries
from tenants.audit.schema import AuditEntry
from tenants.audit.service import JOB, VIEW, ExportParams

BATCH: Final = 500
MOST_BYTES: Final = 1 << 30
TITLES: Final = (
    N_("When"),
    N_("Who"),
    N_("What"),
    N_("Record"),
    N_("Changes"),
    N_("IP address"),
    N_("Event"),
    N_("Request id"),
)


async def write_log(run: Any) -> None:
    """Write the entries page by page; a killed job begins anew, as half a file is of no use."""
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as folder:
        path = Path(folder) / "file"
        async with run.open() as ctx:
            if not ctx.can(VIEW):
                raise GiveUp("the log cannot be read any more")
            titles = [ctx.t(title) for title in TITLES]
            files, schema = ctx.machinery.files, ctx.tenant.schema
        writer = CsvWriter(path, titles)
        rows = await _rows(run, writer)
        await asyncio.to_thread(writer.close)
        stored = await files.save(schema, chunks(path), "export.csv", max_bytes=MOST_BYTES)
    await run.step("finish", exports.finish, run.params.export_id, stored, rows)


async def _rows(run: Any, writer: CsvWriter) -> int:
    params: ExportParams = run.params
    rows, after = 0, None
    while True:
        try:
            async with run.open() as ctx, ctx.machinery.control() as control:
                found = await queries.entries(ctx, control, params.asked, after=after, limit=BATCH)
                cells = [_cells(ctx, entry) for entry in found]
        except AppError as error:
            raise GiveUp("the log cannot be read any more") from error
        await asyncio.to_thread(writer.write, cells)
        rows += len(found)
        if len(found) < BATCH:
            run.progress(done=rows, total=rows)
            return rows
        after = found[-1].id
        run.progress(done=rows)
        await run.step(f"attempt-{run.job.claims}-rows-{rows}", _tell)
        if run.cancelled:
            raise Cancelled


def _cells(ctx: Ctx, entry: AuditEntry) -> list[Any]:
    changes = "; ".join(f"{one.title}: {one.before or '–'} → {one.after or '–'}" for one in entry.changes)
    at = entry.at.astimezone(ctx.zone).replace(tzinfo=None, microsecond=0)
    who = entry.actor or entry.actor_kind
    return [
        at.isoformat(sep=" "),
        who,
        entry.title,
        entry.label,
        changes,
        entry.address,
        entry.event,
        entry.request_id,
    ]


async def _tell(_ctx: Ctx) -> None:
    """Do nothing: the step is there to show the progress."""


JOBS: Final = [
    JobSpec(
        name=JOB,
        handler=write_log,
        params=ExportParams,
        title=N_("Export the audit log"),
        kind="bulk",
        timeout_s=3600,
        page="/exports/{export_id}",
    )
]
