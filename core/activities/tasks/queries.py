"""Reads of tasks: what is due, what is on in a span of time, who is booked, what to remind of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select

from core.activities.tasks.models import Task
from core.tenancy.ctx import Ctx

MOST = 500
"""As many tasks as a page of days shows."""


def day_of(task: Any, zone: ZoneInfo) -> date | None:
    """The day on which a task stands, where the reader is."""
    day: date | None = task.due_on
    return task.starts_at.astimezone(zone).date() if task.starts_at else day


def mine(ctx: Ctx) -> ColumnElement[bool]:
    """The condition of the actor's own tasks."""
    return Task.owner_id == ctx.actor.member_id


async def open_until(ctx: Ctx, last: date, *, own: bool = True, limit: int = MOST) -> Sequence[Task]:
    """Read the open tasks that are due by a day, overdue ones included, the earliest first."""
    statement = (
        select(Task)
        .where(_seen(ctx, own), Task.done_at.is_(None), Task.due_on <= last)
        .order_by(Task.due_on, Task.starts_at.nulls_last(), Task.id)
        .limit(limit)
    )
    return (await ctx.session.scalars(statement)).all()


async def open_without_day(ctx: Ctx, *, own: bool = True, limit: int = MOST) -> Sequence[Task]:
    """Read the open tasks that have no day, the newest first."""
    statement = (
        select(Task)
        .where(_seen(ctx, own), Task.done_at.is_(None), Task.due_on.is_(None))
        .order_by(Task.created_at.desc(), Task.id.desc())
        .limit(limit)
    )
    return (await ctx.session.scalars(statement)).all()


async def open_of(ctx: Ctx, column: Any, record_id: UUID, *, limit: int = 50) -> Sequence[Task]:
    """Read the open tasks about a record, whoever they are for: who sees the record sees what is planned."""
    statement = (
        select(Task)
        .where(column == record_id, Task.done_at.is_(None))
        .order_by(Task.due_on.nulls_last(), Task.starts_at.nulls_last(), Task.id)
        .limit(limit)
    )
    return (await ctx.session.scalars(statement)).all()


async def between(ctx: Ctx, first: date, last: date, *, own: bool = True) -> Sequence[Task]:
    """Read the tasks and appointments, done or not, of a span of days, in their order."""
    statement = (
        select(Task)
        .where(_seen(ctx, own), Task.due_on.between(first, last))
        .order_by(Task.due_on, Task.starts_at.nulls_last(), Task.id)
        .limit(MOST)
    )
    return (await ctx.session.scalars(statement)).all()


async def overlapping(
    ctx: Ctx, owner_id: UUID, starts_at: datetime, ends_at: datetime, *, but: UUID | None = None
) -> Task | None:
    """Find an open appointment of a member that shares time with a span, whoever may see it."""
    statement = (
        select(Task)
        .where(
            Task.owner_id == owner_id,
            Task.done_at.is_(None),
            Task.starts_at < ends_at,
            Task.ends_at > starts_at,
        )
        .order_by(Task.starts_at)
        .limit(1)
    )
    if but is not None:
        statement = statement.where(Task.id != but)
    found: Task | None = await ctx.session.scalar(statement)
    return found


async def to_remind(ctx: Ctx, limit: int) -> Sequence[Task]:
    """Read and lock the open tasks whose reminder is due and was not given."""
    statement = (
        select(Task)
        .where(Task.remind_at <= ctx.now(), Task.reminded_at.is_(None), Task.done_at.is_(None))
        .order_by(Task.remind_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await ctx.session.scalars(statement)).all()


def _seen(ctx: Ctx, own: bool) -> ColumnElement[bool]:
    return mine(ctx) if own else or_(mine(ctx), ctx.visible(Task, "tasks.view"))
