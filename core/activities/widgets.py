"""The member's own numbers on the Today page."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from core.activities.models import Activity
from core.activities.tasks.models import Task
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx

CONTACTS = ("call", "meeting", "visit", "email", "message")


async def my_numbers(ctx: Ctx) -> tuple[str, dict[str, Any]]:
    """Count what the actor did this week beside the same days of the last; two statements."""
    monday = ctx.today() - timedelta(days=ctx.today().weekday())
    start = datetime.combine(monday, time(), tzinfo=ctx.zone).astimezone(UTC)
    now, week = ctx.now(), timedelta(days=7)
    spans = ((start, now), (start - week, now - week))
    kinds = (("call",), ("meeting", "visit"), CONTACTS)
    logged = select(
        *(
            func.count().filter(Activity.occurred_at.between(*span), Activity.kind.in_(of))
            for of in kinds
            for span in spans
        )
    ).where(Activity.owner_id == ctx.actor.member_id, Activity.occurred_at >= start - week)
    done = select(*(func.count().filter(Task.done_at.between(*span)) for span in spans)).where(
        Task.owner_id == ctx.actor.member_id, Task.done_at >= start - week
    )
    calls, calls_before, visits, visits_before, every, every_before = map(
        int, (await ctx.session.execute(logged)).one()
    )
    tasks, tasks_before = map(int, (await ctx.session.execute(done)).one())
    return "activities/numbers.html", {
        "numbers": [
            _number(ctx.t(N_("Calls this week")), calls, calls_before, "phone"),
            _number(ctx.t(N_("Meetings and visits")), visits, visits_before, "users"),
            _number(ctx.t(N_("Contacts in all")), every, every_before, "activity"),
            _number(ctx.t(N_("Tasks done")), tasks, tasks_before, "circle-check"),
        ]
    }


def _number(label: str, now: int, before: int, icon: str) -> dict[str, Any]:
    """A number with how it differs from the week before up to this hour."""
    difference = now - before
    return {
        "label": label,
        "value": now,
        "icon": icon,
        "delta": f"{difference:+d}" if difference else "",
        "trend": "up" if difference > 0 else "down" if difference < 0 else "",
        "is_good": difference >= 0,
    }
