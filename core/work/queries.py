"""Reads of jobs: everybody sees his own, some see all."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, true

from core.kernel.errors import NotFound
from core.kernel.jobs import JobRunRow
from core.tenancy.ctx import Ctx

VIEW = "work.view"
PAGE = 50
TRAY = 5
ACTIVE = ("waiting", "running")


def visible(ctx: Ctx) -> ColumnElement[bool]:
    """The condition under which the actor may see a job."""
    return true() if ctx.can(VIEW) else JobRunRow.member_id == ctx.actor.member_id


async def get(ctx: Ctx, run_id: UUID) -> JobRunRow:
    """Read a job that the actor may see; raises NotFound."""
    found = await ctx.session.scalar(select(JobRunRow).where(JobRunRow.id == run_id, visible(ctx)))
    if found is None:
        raise NotFound
    return found


async def newest(
    ctx: Ctx, *, state: str = "", before: UUID | None = None, limit: int = PAGE
) -> Sequence[JobRunRow]:
    """Read jobs, newest first; ids follow time. ``state`` 'active' means waiting or running."""
    statement = select(JobRunRow).where(visible(ctx))
    if state:
        statement = statement.where(JobRunRow.state.in_(ACTIVE if state == "active" else (state,)))
    if before is not None:
        statement = statement.where(JobRunRow.id < before)
    return (await ctx.session.scalars(statement.order_by(JobRunRow.id.desc()).limit(limit))).all()


async def tray(ctx: Ctx) -> Sequence[JobRunRow]:
    """Read the actor's own jobs that wait or run."""
    own = JobRunRow.member_id == ctx.actor.member_id
    statement = select(JobRunRow).where(own, JobRunRow.state.in_(ACTIVE), JobRunRow.kind != "event")
    return (await ctx.session.scalars(statement.order_by(JobRunRow.id.desc()).limit(TRAY))).all()
