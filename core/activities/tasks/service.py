"""The verbs of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from core.activities import links
from core.activities.notifications import service as notifications
from core.activities.tasks import queries
from core.activities.tasks.events import (
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskReopened,
    TaskRestored,
    TaskUpdated,
)
from core.activities.tasks.models import Task
from core.activities.tasks.schema import Snooze, TaskIn, TaskPatch
from core.kernel.errors import FieldError, Invalid
from core.kernel.events import Event
from core.kernel.i18n import N_, format_datetime
from core.records import references
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx

REMIND = "tasks.remind"
USUAL = timedelta(hours=1)
"""How long an appointment takes that has no end."""


class Due(msgspec.Struct, kw_only=True):
    """Reminders need no parameters: whatever is due is told."""


async def create(ctx: Ctx, data: TaskIn) -> Task:
    """Create a task; raises Invalid at ``allow_overlap`` where its owner is booked. Emits ``task.created``."""
    data = _whole(data)
    if not data.allow_overlap:
        await _refuse_overlap(ctx, data.owner_id or ctx.actor.member_id, data.starts_at, data.ends_at)
    return (await create_many(ctx, [data]))[0]


async def create_many(ctx: Ctx, rows: Sequence[TaskIn]) -> list[Task]:
    """Create tasks in one go, overlapping or not. Emits ``task.created`` for each."""
    errors = await references.no_member(ctx, references.wanted(rows, ("owner_id",))["owner_id"])
    errors += [error for row in rows for error in _wrong(row.starts_at, row.ends_at)]
    if errors:
        raise Invalid(errors=errors)
    targets = await links.complete(ctx, rows)
    tasks = [_made(ctx, _whole(row), target) for row, target in zip(rows, targets, strict=True)]
    ctx.session.add_all(tasks)
    await ctx.session.flush()
    for task in tasks:
        _tell(ctx, TaskCreated, task, owner_id=task.owner_id, due_on=task.due_on)
        await _assigned(ctx, task)
        _plan_reminder(ctx, task)
    return tasks


async def update(ctx: Ctx, task: Task, patch: TaskPatch) -> Task:
    """Change a task. Emits ``task.updated`` where something changed."""
    await ctx.require("tasks.edit", task)
    errors = await references.no_member(ctx, references.wanted([patch], ("owner_id",))["owner_id"])
    starts_at, ends_at = _given(patch.starts_at, task.starts_at), _given(patch.ends_at, task.ends_at)
    errors += _wrong(starts_at, ends_at)
    if errors:
        raise Invalid(errors=errors)
    await links.complete(ctx, [patch])
    is_moved = {patch.starts_at, patch.ends_at, patch.owner_id} != {UNSET}
    if is_moved and patch.allow_overlap is not True and task.done_at is None:
        owner_id = _given(patch.owner_id, task.owner_id)
        await _refuse_overlap(ctx, owner_id, starts_at, ends_at, but=task)
    return await _apply(ctx, task, msgspec.structs.replace(patch, allow_overlap=UNSET))


async def snooze(ctx: Ctx, task: Task, until: date) -> Task:
    """Put a task off to a day, its appointment and its reminder with it. Emits ``task.updated``."""
    await ctx.require("tasks.edit", task)
    shift = until - (queries.day_of(task, ctx.zone) or until)
    patch = TaskPatch(due_on=until)
    for name in ("starts_at", "ends_at", "remind_at"):
        value = getattr(task, name)
        if value is not None:
            # By the clock on the wall: an appointment at ten stays at ten where summer time begins between.
            setattr(patch, name, (value.astimezone(ctx.zone) + shift).astimezone(UTC))
    return await _apply(ctx, task, patch)


async def complete(ctx: Ctx, task: Task) -> Task:
    """Mark a task as done; harmless to repeat. Emits ``task.completed``."""
    await ctx.require("tasks.edit", task)
    if task.done_at is None:
        task.done_at = ctx.now()
        task.updated_by_id = ctx.actor.member_id
        await ctx.session.flush()
        _tell(ctx, TaskCompleted, task)
    return task


async def reopen(ctx: Ctx, task: Task) -> Task:
    """Mark a task as still to be done; harmless to repeat. Emits ``task.reopened``."""
    await ctx.require("tasks.edit", task)
    if task.done_at is not None:
        task.done_at = None
        task.updated_by_id = ctx.actor.member_id
        await ctx.session.flush()
        _tell(ctx, TaskReopened, task)
        _plan_reminder(ctx, task)
    return task


async def delete(ctx: Ctx, task: Task) -> None:
    """Move a task to the bin. Emits ``task.deleted``."""
    await ctx.require("tasks.delete", task)
    task.deleted_at = ctx.now()
    await ctx.session.flush()
    _tell(ctx, TaskDeleted, task)


async def restore(ctx: Ctx, task: Task) -> None:
    """Take a task out of the bin. Emits ``task.restored``."""
    await ctx.require("tasks.delete", task)
    task.deleted_at = None
    await ctx.session.flush()
    _tell(ctx, TaskRestored, task)
    _plan_reminder(ctx, task)


async def remind(ctx: Ctx, limit: int = 500) -> int:
    """Notify the owners of tasks whose reminder is due, each once; give how many that were."""
    due = await queries.to_remind(ctx, limit)
    for task in due:
        task.reminded_at = ctx.now()
        if task.owner_id:
            params = {"title": task.title}
            await notifications.notify(ctx, [task.owner_id], "reminded", path=_path(task), params=params)
    await ctx.session.flush()
    return len(due)


async def _apply(ctx: Ctx, task: Task, patch: TaskPatch) -> Task:
    changes = apply(task, patch)
    if not changes:
        return task
    if "starts_at" in changes and task.starts_at is not None:
        task.due_on = task.starts_at.astimezone(ctx.zone).date()
    if "remind_at" in changes:
        task.reminded_at = None
        _plan_reminder(ctx, task)
    task.updated_by_id = ctx.actor.member_id
    await ctx.session.flush()
    _tell(ctx, TaskUpdated, task, changes=changes)
    if "owner_id" in changes:
        await _assigned(ctx, task)
    return task


def _tell(ctx: Ctx, event: type[Event], task: Task, **more: Any) -> None:
    ctx.emit(event(subject_id=task.id, label=task.title, links=links.pairs(task), **more))


def _given(value: Any, present: Any) -> Any:
    return present if value is UNSET else value


def _whole(data: TaskIn) -> TaskIn:
    """An appointment without an end takes an hour; one with an end and no beginning is refused later."""
    if data.starts_at is None or data.ends_at is not None:
        return data
    return msgspec.structs.replace(data, ends_at=data.starts_at + USUAL)


def _wrong(starts_at: datetime | None, ends_at: datetime | None) -> list[FieldError]:
    if ends_at is None:
        return []
    if starts_at is None:
        return [FieldError("starts_at", "required", N_("Say when it begins."))]
    if ends_at < starts_at:
        return [FieldError("ends_at", "order", N_("It ends before it begins."))]
    return []


def _made(ctx: Ctx, data: TaskIn, targets: links.Targets) -> Task:
    given = fields(data)
    given.pop("allow_overlap")
    task = Task(**{**given, **targets})
    if task.starts_at is not None:
        task.due_on = task.starts_at.astimezone(ctx.zone).date()
    task.owner_id = data.owner_id or ctx.actor.member_id
    task.created_by_id = task.updated_by_id = ctx.actor.member_id
    return task


async def _refuse_overlap(
    ctx: Ctx, owner_id: Any, starts_at: datetime | None, ends_at: datetime | None, *, but: Task | None = None
) -> None:
    if owner_id is None or starts_at is None or ends_at is None or ends_at < starts_at:
        return
    other = await queries.overlapping(ctx, owner_id, starts_at, ends_at, but=but.id if but else None)
    if other is None or other.starts_at is None or other.ends_at is None:
        return
    times = {
        "starts": format_datetime(other.starts_at, ctx.locale, zone=ctx.zone),
        "ends": other.ends_at.astimezone(ctx.zone).strftime("%H:%M"),
    }
    if other.owner_id == ctx.actor.member_id:
        text = N_("You already have “{title}” from {starts} to {ends}. Tick this to book both.")
        raise Invalid.field("allow_overlap", "overlap", text, title=other.title, **times)
    text = N_("This colleague is busy from {starts} to {ends}. Tick this to book both.")
    raise Invalid.field("allow_overlap", "overlap", text, **times)


async def _assigned(ctx: Ctx, task: Task) -> None:
    if task.owner_id is None or task.owner_id == ctx.actor.member_id or ctx.actor.member_id is None:
        return
    params = {"actor": ctx.actor.name, "title": task.title}
    await notifications.notify(ctx, [task.owner_id], "assigned", path=_path(task), params=params)


def _plan_reminder(ctx: Ctx, task: Task) -> None:
    """Wake the reminding job at the minute; reminders of one minute share a job."""
    if task.remind_at is None or task.done_at is not None:
        return
    at = max(task.remind_at, ctx.now())
    ctx.enqueue(REMIND, Due(), run_at=at, key=f"{REMIND}:{at:%Y%m%d%H%M%S}")


def _path(task: Task) -> str:
    return f"/tasks/{task.id}"


def until(ctx: Ctx, data: Snooze) -> date:
    """The day that a task is to be put off to; tomorrow where nothing is said."""
    return data.until or ctx.today() + timedelta(days=data.days or 1)
