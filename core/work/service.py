"""The verbs of jobs: cancel and run again."""

from __future__ import annotations

from uuid import UUID

from core.kernel import jobs
from core.kernel.errors import Conflict, NotFound
from core.kernel.i18n import N_
from core.kernel.jobs import JobRunRow
from core.kernel.wake import JOBS
from core.tenancy.ctx import Ctx
from core.work import queries

MANAGE = "work.manage"


async def cancel(ctx: Ctx, run_id: UUID) -> JobRunRow:
    """Stop a job before its next step; what it did stays. Raises Conflict where it has ended."""
    run = await _own(ctx, run_id)
    try:
        await jobs.cancel(ctx.session, run.id, now=ctx.now())
    except NotFound:
        raise Conflict(detail=N_("This job has ended already.")) from None
    await ctx.session.refresh(run)
    return run


async def replay(ctx: Ctx, run_id: UUID) -> JobRunRow:
    """Queue a failed or cancelled job again; steps that took effect stay done. Raises Conflict for others."""
    run = await _own(ctx, run_id)
    try:
        await jobs.replay(ctx.session, ctx.tenant, run.id)
    except NotFound:
        raise Conflict(detail=N_("Only a job that failed or was cancelled can run again.")) from None
    ctx.session.info.setdefault("wakes", set()).add(JOBS)
    await ctx.session.refresh(run)
    return run


async def _own(ctx: Ctx, run_id: UUID) -> JobRunRow:
    run = await queries.get(ctx, run_id)
    if run.member_id is None or run.member_id != ctx.actor.member_id:
        await ctx.require(MANAGE)
    return run
