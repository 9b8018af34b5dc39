"""The verbs of the Today page. Emit nothing: what somebody has seen enough of is his own affair."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from core.home.models import Dismissal
from core.tenancy.ctx import Ctx

CHECKLIST = "checklist"


async def dismiss_checklist(ctx: Ctx) -> None:
    """Show the actor no first steps any more; harmless to repeat."""
    row = {"member_id": ctx.actor.member_id, "hint": CHECKLIST, "dismissed_at": ctx.now()}
    await ctx.session.execute(insert(Dismissal).values(row).on_conflict_do_nothing())
