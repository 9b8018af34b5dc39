"""The verbs of exports: ask for one, finish it, let it expire."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from core.exports import queries
from core.exports.events import ExportFinished
from core.exports.models import ExportRun
from core.exports.schema import ExportIn
from core.kernel.errors import NotFound
from core.kernel.files import Stored
from core.kernel.i18n import N_
from core.kernel.mentions import is_mentioned
from core.records import lists
from core.records.query import ListQuery, parse
from core.records.service import normal, record_type
from core.tenancy.ctx import Ctx

JOB = "exports.write"
KEPT_DAYS = 7


class WriteParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which export."""

    export_id: UUID


async def create(ctx: Ctx, data: ExportIn) -> ExportRun:
    """Ask for a list as a file. Raises Forbidden without the right to export its records, Invalid for a wrong list."""
    type_ = record_type(ctx, data.record_type)
    await ctx.require(f"{type_.permission}.export")
    run = ExportRun(
        record_type=type_.key,
        query=normal(ctx, type_, data.query),
        format=data.format,
        owner_id=ctx.actor.member_id,
        file_name=f"{ctx.t(type_.title_plural)} {ctx.today().isoformat()}.{data.format}",
    )
    ctx.session.add(run)
    await ctx.session.flush()
    run.job_id = ctx.enqueue(
        JOB,
        WriteParams(export_id=run.id),
        title=ctx.t(N_("Export {file}"), file=run.file_name),
        total=await lists.counted(ctx, question(ctx, run)),
    )
    await ctx.session.flush()
    return run


async def begin(ctx: Ctx, permission: str, query: str, file_name: str) -> ExportRun:
    """Note that somebody wants something else than a list as CSV: what a permission lets him read.

    Its job is the caller's to queue, and ends with :func:`finish`. Raises Forbidden without that permission.
    """
    await ctx.require(permission)
    run = ExportRun(
        record_type=permission, query=query, format="csv", owner_id=ctx.actor.member_id, file_name=file_name
    )
    ctx.session.add(run)
    await ctx.session.flush()
    return run


def title(ctx: Ctx, run: ExportRun) -> str:
    """What an export holds, in a word or two."""
    registry = ctx.machinery.registry
    type_, permission = registry.records.get(run.record_type), registry.permissions.get(run.record_type)
    return (
        ctx.t(type_.title_plural if type_ else permission.title) if type_ or permission else run.record_type
    )


def check(ctx: Ctx, run: ExportRun) -> None:
    """Raise where the asker may not read any more what an export holds."""
    if run.record_type not in ctx.machinery.registry.permissions:
        question(ctx, run)
    elif not ctx.can(run.record_type):
        raise NotFound


def question(ctx: Ctx, run: ExportRun) -> ListQuery:
    """The list that an export holds, as its asker sees it now; raises where he may not any more."""
    type_ = record_type(ctx, run.record_type)
    if not ctx.can(f"{type_.permission}.export"):
        raise NotFound
    query = parse(type_, parse_qsl(run.query, keep_blank_values=True), lists.reading(ctx))
    return replace(query, right="export")


async def finish(ctx: Ctx, export_id: UUID, stored: Stored, rows: int) -> None:
    """Say where the file lies. Emits ``export.finished``."""
    run = await queries.get(ctx, export_id)
    run.file_sha256, run.size_bytes, run.rows = stored.sha256, stored.size_bytes, rows
    run.finished_at = ctx.now()
    run.expires_at = ctx.now() + timedelta(days=KEPT_DAYS)
    await ctx.session.flush()
    ctx.emit(
        ExportFinished(
            subject_id=run.id,
            label=run.file_name,
            record_type_key=run.record_type,
            query=run.query,
            rows=rows,
        )
    )


async def expire(ctx: Ctx) -> list[str]:
    """Forget files whose time is over; gives the digests of those that nothing mentions any more."""
    runs = await queries.expired(ctx, ctx.now())
    digests = {run.file_sha256 for run in runs if run.file_sha256}
    for run in runs:
        run.file_sha256 = None
    await ctx.session.flush()
    return [digest for digest in sorted(digests) if not await is_mentioned(ctx.session, digest)]
