"""Tasks as the interface's macros want them: rows, days, months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from core.activities import links
from core.activities.tasks.models import Task
from core.activities.tasks.queries import day_of
from core.kernel.i18n import N_, format_date, format_time
from core.records import labels
from core.records.shown import place
from core.tenancy.ctx import Ctx

PER_DAY: Final = 4
"""As many entries as a day of the month shows before it says how many more there are."""
SECTIONS: Final = (
    ("overdue", N_("Overdue")),
    ("today", N_("Today")),
    ("tomorrow", N_("Tomorrow")),
    ("week", N_("This week")),
    ("later", N_("Later")),
    ("unplanned", N_("Without a date")),
)
NEAR: Final = ("overdue", "today", "tomorrow")


async def rows(ctx: Ctx, tasks: Sequence[Task], *, with_owner: bool = False) -> list[dict[str, Any]]:
    """Show tasks as rows, what they are about by name; one statement for all names."""
    wanted: dict[str, set[UUID]] = {}
    for task in tasks:
        about = links.subject(links.named(task))
        if about:
            wanted.setdefault(links.FIELDS[about], set()).add(getattr(task, about))
        if with_owner and task.owner_id:
            wanted.setdefault(labels.MEMBER, set()).add(task.owner_id)
    names = await labels.resolve(ctx, wanted)
    return [row(ctx, task, names) for task in tasks]


def row(ctx: Ctx, task: Task, names: Mapping[tuple[str, UUID], str]) -> dict[str, Any]:
    """Show one task as a row."""
    today, day = ctx.today(), day_of(task, ctx.zone)
    about = links.subject(links.named(task))
    record_type = links.FIELDS.get(about, "")
    label = names.get((record_type, getattr(task, about)), "") if about else ""
    type_ = ctx.machinery.registry.records.get(record_type)
    url = ctx.w(f"/tasks/{task.id}")
    return {
        "id": str(task.id),
        "url": url,
        "title": task.title,
        "time": span(ctx, task),
        "place": task.place or "",
        "day": day,
        "when": _when(ctx, day, today),
        "is_overdue": day is not None and day < today and task.done_at is None,
        "is_high": task.priority == "high",
        "is_done": task.done_at is not None,
        "about": label,
        "about_url": place(ctx, type_, f"/{getattr(task, about)}") if label and type_ else "",
        "owner": names.get((labels.MEMBER, task.owner_id), "") if task.owner_id else "",
        "put_off": [
            {
                "title": ctx.t(title),
                "post": f"{url}/put-off?days={days}",
                "target": f"#task-{task.id}",
                "swap": "outerHTML",
            }
            for days, title in ((1, N_("Tomorrow")), (3, N_("In 3 days")), (7, N_("In a week")))
        ],
    }


def span(ctx: Ctx, task: Task) -> str:
    """The time of an appointment, '' for a task of a day."""
    if task.starts_at is None:
        return ""
    start = format_time(task.starts_at, ctx.locale, ctx.zone)
    return f"{start}–{format_time(task.ends_at, ctx.locale, ctx.zone)}" if task.ends_at else start


def _when(ctx: Ctx, day: date | None, today: date) -> str:
    if day is None:
        return ""
    near = {-1: N_("Yesterday"), 0: N_("Today"), 1: N_("Tomorrow")}.get((day - today).days)
    return (
        ctx.t(near) if near else format_date(day, ctx.locale, "short" if day.year == today.year else "medium")
    )


def section_of(day: date | None, today: date) -> str:
    """The section of the list of days that a day belongs to."""
    if day is None:
        return "unplanned"
    if day < today:
        return "overdue"
    near = {0: "today", 1: "tomorrow"}.get((day - today).days)
    return near or ("week" if day <= today + timedelta(days=6 - today.weekday()) else "later")


def sections(ctx: Ctx, found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put rows into the sections of the list of days; today's is always there."""
    kept: dict[str, list[dict[str, Any]]] = {key: [] for key, _ in SECTIONS}
    for item in found:
        kept[section_of(item["day"], ctx.today())].append(item)
    return [
        {"key": key, "title": ctx.t(title), "rows": kept[key], "is_near": key in NEAR}
        for key, title in SECTIONS
        if kept[key] or key == "today"
    ]


def month_of(raw: str, today: date) -> date:
    """The first day of an asked month, ``2026-11``; this month where it is none."""
    try:
        found = date.fromisoformat(f"{raw}-01")
    except ValueError:
        return today.replace(day=1)
    return found if 1900 < found.year < 2200 else today.replace(day=1)


def weeks_of(first: date) -> tuple[date, date]:
    """The Monday and the Sunday that frame a month."""
    last = next_month(first) - timedelta(days=1)
    return first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())


def next_month(first: date) -> date:
    """The first day of the next month."""
    return (first + timedelta(days=31)).replace(day=1)


def month(ctx: Ctx, first: date, tasks: Iterable[Task]) -> list[list[dict[str, Any]]]:
    """Lay tasks out as the weeks of a month."""
    by_day: dict[date, list[dict[str, Any]]] = {}
    for task in tasks:
        day = day_of(task, ctx.zone)
        if day is not None:
            by_day.setdefault(day, []).append(_entry(ctx, task, day))
    start, end = weeks_of(first)
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    cells = [_cell(ctx, day, first, by_day.get(day, [])) for day in days]
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


def _entry(ctx: Ctx, task: Task, day: date) -> dict[str, Any]:
    is_late = day < ctx.today() and task.done_at is None
    return {
        "title": task.title,
        "time": format_time(task.starts_at, ctx.locale, ctx.zone) if task.starts_at else "",
        "url": ctx.w(f"/tasks/{task.id}"),
        "is_done": task.done_at is not None,
        "tone": "red" if is_late else "purple" if task.starts_at else "blue",
    }


def _cell(ctx: Ctx, day: date, first: date, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "day": day,
        "title": format_date(day, ctx.locale, "long"),
        "is_today": day == ctx.today(),
        "is_other": day.month != first.month,
        "entries": entries[:PER_DAY],
        "more": max(0, len(entries) - PER_DAY),
        "more_url": ctx.w(f"/tasks?f=due_on:eq:{day.isoformat()}"),
        "add_url": ctx.w(f"/tasks/new?due_on={day.isoformat()}"),
    }
