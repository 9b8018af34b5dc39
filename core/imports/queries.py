"""Reads of imports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.ext.specs import RecordType
from core.imports import reading
from core.imports.models import ImportMapping, ImportRow, ImportRowError, ImportRun
from core.kernel.errors import NotFound
from core.kernel.jobs import JobRunRow
from core.tenancy.ctx import Ctx

PREVIEW = 20
PAGE = 50
VIEW = "imports.view"
FIRST = ("customer", "contact", "lead", "deal", "task")
"""What most files hold."""


async def get(ctx: Ctx, run_id: UUID) -> ImportRun:
    """Read an import that the actor may see; raises NotFound."""
    run = await ctx.session.scalar(
        select(ImportRun).where(ImportRun.id == run_id, ctx.visible(ImportRun, VIEW))
    )
    if run is None:
        raise NotFound
    return run


async def newest(ctx: Ctx, *, before: UUID | None = None, limit: int = PAGE) -> Sequence[ImportRun]:
    """Read the imports that the actor may see, newest first; ids follow time."""
    statement = select(ImportRun).where(ctx.visible(ImportRun, VIEW))
    if before is not None:
        statement = statement.where(ImportRun.id < before)
    return (await ctx.session.scalars(statement.order_by(ImportRun.id.desc()).limit(limit))).all()


def type_of(ctx: Ctx, run: ImportRun) -> RecordType:
    """The record type of an import; raises NotFound where the workspace has it no more."""
    return importable(ctx, run.record_type)


def importable(ctx: Ctx, key: str) -> RecordType:
    """The record type of that key, if files can be imported into it and the actor may create it."""
    type_: RecordType | None = ctx.machinery.registry.records.get(key)
    if type_ is None or not type_.importable or not ctx.machinery.registry.serves(type_, ctx):
        raise NotFound
    return type_


def types(ctx: Ctx) -> list[RecordType]:
    """The record types that the actor may import."""
    registry = ctx.machinery.registry
    found = [
        type_
        for type_ in registry.records.values()
        if type_.importable and registry.serves(type_, ctx) and ctx.can(f"{type_.permission}.create")
    ]
    return sorted(found, key=lambda type_: FIRST.index(type_.key) if type_.key in FIRST else len(FIRST))


async def job(ctx: Ctx, run: ImportRun) -> JobRunRow | None:
    """The job that works on an import, or did last."""
    return await ctx.session.get(JobRunRow, run.job_id) if run.job_id else None


async def remembered(ctx: Ctx, record_type: str, digest: str) -> ImportMapping | None:
    """What was chosen last for files with these titles."""
    return await ctx.session.scalar(
        select(ImportMapping).where(
            ImportMapping.record_type == record_type, ImportMapping.titles_digest == digest
        )
    )


async def preview(ctx: Ctx, run: ImportRun, limit: int = PREVIEW) -> list[reading.Line]:
    """The first rows of the file, its titles left out."""
    if not run.rows_sha256:
        return []
    lines, _ = await reading.lines(
        ctx.machinery.files, ctx.tenant.schema, run.rows_sha256, limit=limit + run.has_header
    )
    return lines[1:] if run.has_header else lines


async def errors(
    ctx: Ctx, run_id: UUID, *, after: int = -1, limit: int = 1_000
) -> Sequence[tuple[int, list[str], list[dict[str, Any]]]]:
    """Refused rows in the order of the file."""
    kept = ImportRowError
    statement = (
        select(kept.row_no, kept.cells, kept.errors)
        .where(kept.run_id == run_id, kept.row_no > after)
        .order_by(kept.row_no)
        .limit(limit)
    )
    return [(row.row_no, row.cells, row.errors) for row in await ctx.session.execute(statement)]


async def left(ctx: Ctx, run_id: UUID, *, limit: int = 100) -> Sequence[ImportRow]:
    """Records that a revert left as they are."""
    statement = select(ImportRow).where(ImportRow.run_id == run_id, ImportRow.outcome != "reverted")
    return (await ctx.session.scalars(statement.order_by(ImportRow.row_no).limit(limit))).all()


async def unreverted(ctx: Ctx, run_id: UUID, *, limit: int) -> Sequence[ImportRow]:
    """The next records to revert, the last imported first."""
    statement = select(ImportRow).where(ImportRow.run_id == run_id, ImportRow.outcome.is_(None))
    order = (ImportRow.row_no.desc(), ImportRow.record_id.desc())
    return (await ctx.session.scalars(statement.order_by(*order).limit(limit))).all()


async def expired(ctx: Ctx, before: datetime) -> Sequence[ImportRun]:
    """Imports whose files have been kept long enough."""
    statement = select(ImportRun).where(ImportRun.created_at < before, ImportRun.rows_sha256.is_not(None))
    return (await ctx.session.scalars(statement.limit(200))).all()
