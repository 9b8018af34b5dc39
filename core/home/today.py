"""A member's day put together for the page and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from core.activities.records import ICONS as ACTIVITY_ICONS
from core.activities.shown import KIND_TONES
from core.activities.tasks import queries as tasks
from core.activities.tasks.models import Task
from core.activities.tasks.schema import to_out
from core.ext.faults import alone, failed
from core.ext.specs import Step
from core.home import queries
from core.home.schema import FollowUp, Today
from core.home.service import CHECKLIST
from core.kernel.i18n import N_, format_date
from core.records import labels
from core.records.shown import place
from core.tenancy.ctx import Ctx

AHEAD: Final = timedelta(days=7)
NOON, EVENING = 12, 18
STEP_S: Final = 1.0
STEPS: Final = (
    ("customer", N_("Import your customers"), "/imports", "imports.run"),
    ("activity", N_("Log a call"), "/customers", "activities.create"),
    ("deal", N_("Create a deal"), "/deals/new", "deals.create"),
    ("member", N_("Invite a colleague"), "/settings/members", "members.manage"),
)


@dataclass(frozen=True, slots=True)
class Day:
    """What is to be done: people to turn to, tasks due by today, appointments of the next days."""

    follow_ups: Sequence[FollowUp]
    due: Sequence[Task]
    upcoming: Sequence[Task]

    def to_out(self) -> Today:
        """Show the day as the API does."""
        return Today(
            follow_ups=list(self.follow_ups),
            tasks=[to_out(task) for task in self.due],
            upcoming=[to_out(task) for task in self.upcoming],
        )


async def read(ctx: Ctx) -> Day:
    """Read the actor's day; two statements."""
    open_tasks = await tasks.open_until(ctx, ctx.today() + AHEAD)
    today = ctx.today()
    due = [task for task in open_tasks if task.due_on and task.due_on <= today]
    upcoming = [task for task in open_tasks if task.starts_at and task.due_on and task.due_on > today]
    return Day(await queries.follow_ups(ctx), due, upcoming)


def greeting(ctx: Ctx) -> str:
    """Greet the reader by the time of his day."""
    hour = ctx.now().astimezone(ctx.zone).hour
    text = N_("Good morning, {name}") if hour < NOON else N_("Good afternoon, {name}")
    return ctx.t(N_("Good evening, {name}") if hour >= EVENING else text, name=ctx.actor.name)


def follow_up_view(ctx: Ctx, item: FollowUp) -> dict[str, Any]:
    """One follow-up as the page shows it."""
    type_ = ctx.machinery.registry.records[item.record_type]
    late = (ctx.today() - item.on).days
    return {
        "icon": type_.icon,
        "kind": ctx.t(type_.title),
        "label": item.label,
        "url": place(ctx, type_, f"/{item.id}"),
        "phone": item.phone,
        "detail": item.detail or "",
        "when": format_date(item.on, ctx.locale, "short") if late else ctx.t(N_("Today")),
        "is_overdue": late > 0,
    }


async def recent_views(ctx: Ctx) -> list[dict[str, Any]]:
    """What was logged last, with whom and by whom; two statements."""
    found = await queries.recent(ctx)
    wanted: dict[str, set[Any]] = {"customer": set(), labels.MEMBER: set()}
    for activity in found:
        wanted["customer"] |= {activity.customer_id} - {None}
        wanted[labels.MEMBER] |= {activity.owner_id} - {None}
    names = await labels.resolve(ctx, wanted)
    customer = ctx.machinery.registry.records["customer"]
    return [
        {
            "icon": ACTIVITY_ICONS[activity.kind],
            "tone": KIND_TONES.get(activity.kind, "info"),
            "title": activity.subject or "",
            "url": ctx.w(f"/activities/{activity.id}"),
            "at": activity.occurred_at,
            "who": names.get((labels.MEMBER, activity.owner_id), "") if activity.owner_id else "",
            "about": names.get(("customer", activity.customer_id), "") if activity.customer_id else "",
            "about_url": place(ctx, customer, f"/{activity.customer_id}"),
        }
        for activity in found
    ]


async def checklist(ctx: Ctx) -> list[dict[str, Any]]:
    """The first steps that the actor may make, those of modules last; none once all are made or dismissed.

    Nor in a sandbox: it is a copy of what was set up.
    """
    if ctx.tenant.sandbox_of is not None:
        return []
    done = await queries.steps(ctx, CHECKLIST)
    if done[CHECKLIST]:
        return []
    registry = ctx.machinery.registry
    shown = [
        {"title": ctx.t(title), "done": done[key], "url": ctx.w(url)}
        for key, title, url, permission in STEPS
        if permission in registry.permissions and ctx.can(permission)
    ]
    shown += [found for step in registry.serve(Step, ctx) if (found := await _step(ctx, step))]
    return [] if all(step["done"] for step in shown) else shown


async def _step(ctx: Ctx, step: Step) -> dict[str, Any] | None:
    """A module's step as the checklist shows it; one that fails or takes too long is left out."""
    try:
        async with alone(ctx, STEP_S):
            return {"title": ctx.t(step.title), "done": bool(await step.is_done(ctx)), "url": ctx.w(step.url)}
    except Exception as error:
        failed(ctx, step, error)
        return None
