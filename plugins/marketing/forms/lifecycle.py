"""What happens when a workspace takes the module, comes back to it, or gives it up."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import delete, select

from core.sdk import N_, SavedView, hookimpl
from plugins.marketing.forms import service
from plugins.marketing.forms.models import Form, Submission
from plugins.marketing.forms.schema import FormIn
from plugins.marketing.forms.service_verdict import judge_all

TYPES: Final = ("marketing_forms_form", "marketing_forms_submission")
MOST: Final = 1_000


@hookimpl
async def crm_install(ctx: Any) -> None:
    """Draw up a first form, so that there is something to look at and to publish."""
    if await ctx.session.scalar(select(Form.id).limit(1)) is None:
        name = ctx.machinery.translator(ctx.tenant.locale).gettext(N_("Contact us"))
        await service.create(ctx, FormIn(name=name, slug="contact"))


@hookimpl
async def crm_upgrade(ctx: Any, from_version: str) -> None:
    """Judge what came in last before the module was switched off and has no verdict yet."""
    del from_version
    waiting = select(Submission.id).where(Submission.state == "received").order_by(Submission.id).limit(MOST)
    await judge_all(ctx, list(await ctx.session.scalars(waiting)))


@hookimpl
async def crm_uninstall(ctx: Any, keep_data: bool) -> None:
    """Remove the saved lists of what is about to be gone; leads and customers that came of it stay."""
    if not keep_data:
        await ctx.session.execute(delete(SavedView).where(SavedView.record_type.in_(TYPES)))
