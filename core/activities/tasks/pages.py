"""Tasks & calendar: the days, the month, the page of a task, and what one click does."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Controller, Request, Response

from core.activities.links import FIELDS
from core.activities.tasks import queries, service, shown
from core.activities.tasks.models import Task
from core.activities.tasks.records import TASK
from core.activities.tasks.schema import QuickTask, Snooze, TaskIn
from core.kernel.errors import AppError, Invalid
from core.kernel.i18n import N_, format_date
from core.kernel.validate import convert
from core.records import lists
from core.records.record_page import record_page
from core.tenancy.ctx import Ctx
from core.web.bodies import read_form
from core.web.pages import redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
AHEAD = timedelta(days=60)


class CalendarPages(Controller):
    """What is to be done, by days or by the month."""

    path = "/calendar"
    include_in_schema = False

    @get("/", permission="tasks.view")
    async def show(
        self, ctx: Ctx, request: Any_, view: str = "list", month: str = "", who: str = "me"
    ) -> Response[Any]:
        """Show the days, or a month; one's own, or everybody's as far as one may see them."""
        own = who != "all"
        if view == "month":
            return await self._month(ctx, request, month, own=own)
        found = [*await queries.open_until(ctx, ctx.today() + AHEAD, own=own)]
        found += await queries.open_without_day(ctx, own=own)
        rows = await shown.rows(ctx, found, with_owner=not own)
        sections = shown.sections(ctx, rows)
        return render(ctx, request, "tasks/days.html", sections=sections, **_frame(ctx, "list", own))

    async def _month(self, ctx: Ctx, request: Any_, raw: str, *, own: bool) -> Response[Any]:
        first = shown.month_of(raw, ctx.today())
        tasks = await queries.between(ctx, *shown.weeks_of(first), own=own)
        link = ctx.w("/calendar?view=month" + ("" if own else "&who=all") + "&month=")
        return render(
            ctx,
            request,
            "tasks/month.html",
            first=first,
            weeks=shown.month(ctx, first, tasks),
            previous=f"{link}{first - timedelta(days=1):%Y-%m}",
            following=f"{link}{shown.next_month(first):%Y-%m}",
            **_frame(ctx, "month", own),
        )


class TaskPages(Controller):
    """One task, and what one click does with it."""

    path = "/tasks"
    include_in_schema = False

    @get("/{record_id:uuid}", permission="tasks.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show a task."""
        task = await lists.get(ctx, TASK, record_id, deleted=True)
        (row,) = await shown.rows(ctx, [task])
        return await record_page(ctx, request, TASK, task, template="tasks/show.html", task=row)

    @post("/quick", permission="tasks.create")
    async def quick(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Create a task from the one-line form; where its time is taken, ask with 422 whether to book both."""
        sent = {name: str(value) for name, value in (await request.form()).items() if value}
        try:
            task = await service.create(ctx, _quick(ctx, await read_form(request, QuickTask)))
        except AppError as error:
            ctx.roll_back()
            about = {name: sent[name] for name in FIELDS if name in sent}
            return render(
                ctx,
                request,
                "tasks/quick_again.html",
                status=error.status,
                sent=sent,
                errors=error.errors,
                about=about,
            )
        return toast(_again(ctx, request), ctx.t(N_("{record} is created."), record=task.title))

    @post("/{record_id:uuid}/done", permission="tasks.edit")
    async def done(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Mark a task as done, with a way back; answer its row."""
        task = await service.complete(ctx, await lists.get(ctx, TASK, record_id, action="edit"))
        undo = ctx.w(f"/tasks/{record_id}/reopen?again=1")
        return toast(await self._row(ctx, request, task), ctx.t(N_("Done.")), undo_url=undo)

    @post("/{record_id:uuid}/reopen", permission="tasks.edit")
    async def reopen(self, ctx: Ctx, request: Any_, record_id: UUID, again: bool = False) -> Response[Any]:
        """Mark a task as still to be done; answer its row, or have the page shown again."""
        task = await service.reopen(ctx, await lists.get(ctx, TASK, record_id, action="edit"))
        return _again(ctx, request) if again else await self._row(ctx, request, task)

    @post("/{record_id:uuid}/put-off", permission="tasks.edit")
    async def put_off(
        self, ctx: Ctx, request: Any_, record_id: UUID, days: int = 1, until: date | None = None
    ) -> Response[Any]:
        """Put a task off by days from today, with a way back to the day that it had."""
        task = await lists.get(ctx, TASK, record_id, action="edit")
        before = queries.day_of(task, ctx.zone)
        day = service.until(ctx, convert(Snooze, {"days": days, "until": until}))
        await service.snooze(ctx, task, day)
        if until is not None:
            return _again(ctx, request)
        undo = ctx.w(f"/tasks/{record_id}/put-off?until={before}") if before else ""
        text = ctx.t(N_("Put off to {day}."), day=format_date(day, ctx.locale))
        return toast(await self._row(ctx, request, task), text, undo_url=undo)

    async def _row(self, ctx: Ctx, request: Any_, task: Task) -> Response[Any]:
        if "hx-request" not in request.headers:
            return _again(ctx, request)
        (row,) = await shown.rows(ctx, [task])
        return render(ctx, request, "tasks/row.html", row=row)


def _quick(ctx: Ctx, form: QuickTask) -> TaskIn:
    """A day alone is a task of that day; with a time it is an appointment, today where no day is said."""
    data = TaskIn(title=form.title, due_on=form.due_on, allow_overlap=form.allow_overlap)
    for name in FIELDS:
        setattr(data, name, getattr(form, name))
    if form.at is None:
        return data
    try:
        clock = datetime.strptime(form.at, "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError:
        raise Invalid.field("at", "time", N_("This is not a time of day.")) from None
    data.starts_at = datetime.combine(form.due_on or ctx.today(), clock, tzinfo=ctx.zone)
    return data


def _again(ctx: Ctx, request: Any_) -> Response[Any]:
    """Have the page that asked shown again."""
    if "hx-request" in request.headers:
        return Response("", media_type="text/html", headers={"HX-Refresh": "true"})
    came_from = urlsplit(request.headers.get("referer", ""))
    is_ours = came_from.netloc == request.headers.get("host") and came_from.path.startswith(ctx.w("/"))
    path = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return redirect(request, path if is_ours else ctx.w("/calendar"))


def _frame(ctx: Ctx, view: str, own: bool) -> dict[str, Any]:
    """The tabs and the switch between one's own and everybody's."""
    who = "" if own else "&who=all"
    return {
        "view": view,
        "own": own,
        "tabs": [
            ("list", ctx.t(N_("Days")), ctx.w(f"/calendar?view=list{who}")),
            ("month", ctx.t(N_("Month")), ctx.w(f"/calendar?view=month{who}")),
            ("all", ctx.t(N_("All tasks")), ctx.w("/tasks")),
        ],
        "other_url": ctx.w(f"/calendar?view={view}" + ("&who=all" if own else "")),
    }


async def tasks_panel(ctx: Ctx, record: Any) -> tuple[str, dict[str, Any]]:
    """Render the open tasks of a record, with the line that adds one."""
    name = f"{type(record).__tablename__}_id"
    rows = await shown.rows(ctx, await queries.open_of(ctx, getattr(Task, name), record.id))
    for row in rows:
        row["about"] = ""
    return "tasks/panel.html", {"rows": rows, "about": {name: str(record.id)}}
