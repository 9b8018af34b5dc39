"""Reads of exports: everybody has his own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from core.exports.models import ExportRun
from core.kernel.errors import NotFound
from core.kernel.jobs import JobRunRow
from core.tenancy.ctx import Ctx

PAGE = 50


async def get(ctx: Ctx, export_id: UUID) -> ExportRun:
    """Read one of the actor's exports; raises NotFound."""
    statement = select(ExportRun).where(ExportRun.id == export_id, ExportRun.owner_id == ctx.actor.member_id)
    run = await ctx.session.scalar(statement)
    if run is None:
        raise NotFound
    return run


async def newest(ctx: Ctx, *, before: UUID | None = None, limit: int = PAGE) -> Sequence[ExportRun]:
    """Read the actor's exports, newest first; ids follow time."""
    statement = select(ExportRun).where(ExportRun.owner_id == ctx.actor.member_id)
    if before is not None:
        statement = statement.where(ExportRun.id < before)
    return (await ctx.session.scalars(statement.order_by(ExportRun.id.desc()).limit(limit))).all()


async def job(ctx: Ctx, run: ExportRun) -> JobRunRow | None:
    """The job that writes an export."""
    return await ctx.session.get(JobRunRow, run.job_id) if run.job_id else None


async def expired(ctx: Ctx, now: datetime, *, limit: int = 200) -> Sequence[ExportRun]:
    """Exports whose files have been kept long enough."""
    statement = select(ExportRun).where(ExportRun.expires_at < now, ExportRun.file_sha256.is_not(None))
    return (await ctx.session.scalars(statement.limit(limit))).all()
