"""Keeps deals and leads aware of what is logged about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, update

from core.activities.events import ActivityLogged
from core.pipeline.leads.models import Lead
from core.pipeline.models import Deal
from core.tenancy.ctx import Ctx

MODELS: dict[str, type[Deal] | type[Lead]] = {"deal": Deal, "lead": Lead}
"""In the order in which an activity is about them first."""


async def on_logged(ctx: Ctx, event: ActivityLogged) -> None:
    """Note when a deal or lead was in contact last, and when to turn to it next; versions stay.

    The next follow-up is meant for what the activity is about first.
    """
    next_on = event.next_follow_up_on
    for kind, model in MODELS.items():
        record_id = next((found for linked, found in event.links if linked == kind), None)
        if record_id is None:
            continue
        values = _values(model, event, event.occurred_at or ctx.now())
        if next_on is not None:
            values["next_follow_up_on"], next_on = next_on, None
        if values:
            statement = update(model).where(model.id == record_id).values(values)
            await ctx.session.execute(statement, execution_options={"synchronize_session": "fetch"})


def _values(model: type[Deal] | type[Lead], event: ActivityLogged, at: datetime) -> dict[str, Any]:
    if event.kind == "note":
        return {}
    return {"last_contacted_at": func.greatest(func.coalesce(model.last_contacted_at, at), at)}
