"""The jobs of imports: rows in steps of a thousand, each one transaction, taken up where a killed one stopped."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

import msgspec

from core.ext.specs import JobSpec
from core.imports import reading, service, service_revert, service_rows
from core.imports.service import JOB, REVERT_JOB, RunParams
from core.imports.service_rows import Plan
from core.imports.values import Draft
from core.kernel.files import Store, forget
from core.kernel.i18n import N_
from core.kernel.jobs import Cancelled
from core.tenancy.ctx import Ctx

BATCH: Final = 1_000
FORGET: Final = "imports.forget_files"


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def run_import(run: Any) -> None:
    """Write the rows in the order of the file; a step is named by its place, so none is written twice."""
    params: RunParams = run.params
    async with run.open() as ctx:
        plan = await service_rows.plan(ctx, params.import_id, dry_run=params.dry_run)
        files, schema = ctx.machinery.files, ctx.tenant.schema
    await run.step("begin", service_rows.begin, run, plan)
    if plan.dry_run and run.state["offset"]:
        await _meet_again(files, schema, plan, run.state["offset"])
    # Rows are read while those before them are being written.
    ahead = asyncio.create_task(_read(files, schema, plan, run.state["offset"]))
    try:
        while True:
            drafts, after = await ahead
            if after == run.state["offset"]:
                break
            ahead = asyncio.create_task(_read(files, schema, plan, after))
            await run.step(f"rows-{run.state['offset']}", _write, run, plan, drafts, after)
            if run.cancelled:
                await run.step(f"stopped-{run.steps}", service_rows.stop, plan)
                raise Cancelled
    finally:
        ahead.cancel()
    await run.step("finish", service_rows.finish, plan)


async def _read(files: Store, schema: str, plan: Plan, offset: int) -> tuple[list[Draft], int]:
    lines, after = await reading.lines(files, schema, plan.rows_sha256, offset=offset, limit=BATCH)
    rows = lines[1:] if plan.has_header and offset == 0 else lines
    return await asyncio.to_thread(plan.reader.read, rows), after


async def _write(ctx: Ctx, run: Any, plan: Plan, drafts: list[Draft], after: int) -> None:
    # One instant for all that an import creates: a list can then show exactly that.
    if run.state["stamp"]:
        stamp = datetime.fromisoformat(run.state["stamp"])
        ctx.session.info["now"] = lambda: stamp
    await service_rows.write(ctx, run, plan, drafts, after)


async def _meet_again(files: Store, schema: str, plan: Plan, until: int) -> None:
    """Remember what the rows before were about: a check that goes on has written none of them."""
    offset = 0
    while offset < until:
        lines, offset = await reading.lines(files, schema, plan.rows_sha256, offset=offset, limit=BATCH)
        service_rows.meet(plan, lines)


async def revert_import(run: Any) -> None:
    """Take records back, the last imported first."""
    params: RunParams = run.params
    number = run.steps
    while not run.state.get("is_done"):
        if run.cancelled:
            raise Cancelled
        number += 1
        await run.step(f"records-{number}", service_revert.take_back, run, params.import_id)
    await run.step("finish", service_revert.finish, params.import_id)


async def forget_files(run: Any) -> None:
    """Forget the files of old imports, then remove their bytes."""
    await forget(run, service.forget)


JOBS: Final = [
    JobSpec(
        name=FORGET,
        handler=forget_files,
        params=Nothing,
        title=N_("Remove the files of old imports"),
        kind="scheduled",
        every_s=86_400,
    ),
    JobSpec(
        name=JOB,
        handler=run_import,
        params=RunParams,
        title=N_("Import a file"),
        kind="import",
        timeout_s=6 * 3600,
        page="/imports/{import_id}",
    ),
    JobSpec(
        name=REVERT_JOB,
        handler=revert_import,
        params=RunParams,
        title=N_("Revert an import"),
        kind="import",
        timeout_s=6 * 3600,
        page="/imports/{import_id}",
    ),
]
