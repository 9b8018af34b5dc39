"""How people sign in to the workspace: whether it demands two steps of everybody."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response

from core.access import queries
from core.access.service import MANAGE, OWNER
from core.kernel.errors import AppError, Forbidden
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import LIVE_ONLY, get, post
from tenants.accounts.second_factor import service

Any_ = Request[Any, Any, Any]
PAGE = "admin/security.html"


class SecurityPages(Controller):
    """Signing in."""

    path = "/settings/security"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/", permission=MANAGE)
    async def show(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Show whether two steps are demanded, and of whom that would keep out."""
        return render(ctx, request, PAGE, errors=(), **await _page(ctx, control))

    @post("/", permission=MANAGE, unpaid=True)
    async def change(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Demand two-step sign-in of everybody, or no longer."""
        wanted = str((await form_values(request)).get("wanted", "")) == "true"
        try:
            if ctx.actor.role != OWNER or ctx.actor.account_id is None:
                raise Forbidden(detail=N_("Only an owner can change this."))
            await service.demand(control, ctx.tenant.id, wanted=wanted, by=ctx.actor.account_id)
        except AppError as error:
            control.roll_back()
            return form_again(ctx, request, PAGE, error, **await _page(ctx, control))
        said = N_("Everybody needs two-step sign-in now.") if wanted else N_("The password is enough again.")
        return toast(redirect(request, ctx.w("/settings/security")), ctx.t(said))


async def _page(ctx: Ctx, control: Control) -> dict[str, Any]:
    lacking = await service.without(control, ctx.tenant.id)
    return {
        "demanded": await service.is_demanded(control, ctx.tenant.id),
        "lacking": [one for one in await queries.people(ctx.session) if one.id in lacking],
        "may_change": ctx.actor.role == OWNER,
    }
