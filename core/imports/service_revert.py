"""Takes an import back: deletes what it created, restores what it changed, leaves what was changed since."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.ext.specs import RecordType
from core.imports import queries
from core.imports.events import ImportReverted
from core.imports.models import ImportRow
from core.kernel.errors import AppError
from core.kernel.validate import convert
from core.tenancy.ctx import Ctx

BATCH = 200


async def take_back(ctx: Ctx, job: Any, run_id: UUID) -> None:
    """Revert some records; each stands alone."""
    run = await queries.get(ctx, run_id)
    rows = await queries.unreverted(ctx, run_id, limit=BATCH)
    records = await _records(ctx, rows)
    for row in rows:
        row.outcome = await _revert(ctx, row, records.get(row.record_id))
        if row.outcome == "reverted":
            run.reverted += 1
        else:
            run.kept += 1
    job.progress(done=run.reverted + run.kept, failed=run.kept)
    job.state["is_done"] = len(rows) < BATCH


async def _records(ctx: Ctx, rows: Any) -> dict[UUID, Any]:
    found: dict[UUID, Any] = {}
    for key in {row.record_type for row in rows}:
        type_: RecordType | None = ctx.machinery.registry.records.get(key)
        if type_ is None:
            continue
        model = type_.model
        wanted = [row.record_id for row in rows if row.record_type == key]
        seen = ctx.visible(model, f"{type_.permission}.view")
        for record in await ctx.session.scalars(select(model).where(model.id.in_(wanted), seen)):
            found[record.id] = (type_, record)
    return found


async def _revert(ctx: Ctx, row: ImportRow, found: tuple[RecordType, Any] | None) -> str:
    if found is None:
        return "gone"
    type_, record = found
    if record.version != row.version:
        return "changed"
    try:
        async with ctx.attempt():
            if row.before is None:
                await type_.verbs.delete(ctx, record)
            else:
                await type_.verbs.update(ctx, record, convert(type_.patch, row.before))
            await ctx.session.flush()
    except AppError:
        await ctx.session.refresh(record)
        return "forbidden"
    return "reverted"


async def finish(ctx: Ctx, run_id: UUID) -> None:
    """Say that it is over. Emits ``import.reverted``."""
    run = await queries.get(ctx, run_id)
    run.state = "reverted"
    await ctx.session.flush()
    ctx.emit(
        ImportReverted(
            subject_id=run.id,
            label=run.file_name,
            record_type_key=run.record_type,
            reverted=run.reverted,
            kept=run.kept,
        )
    )
