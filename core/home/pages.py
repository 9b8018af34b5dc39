"""The Today page and its cards, each card its own request so that none can break the page."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Controller, Request, Response

from core.activities.tasks import shown
from core.ext.faults import failed
from core.ext.specs import Widget
from core.home import service, today
from core.kernel.errors import AppError, NotFound
from core.kernel.i18n import format_date
from core.tenancy.ctx import Ctx
from core.web.pages import redirect, render
from core.web.request import SIGNED_IN
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
TIMEOUT_S = 5.0


class TodayPages(Controller):
    """Today."""

    path = "/"
    include_in_schema = False

    @get("/", permission=SIGNED_IN)
    async def show(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show whom to contact, what is due, what is ahead, and the cards of modules."""
        day = await today.read(ctx)
        rows = await shown.rows(ctx, [*day.due, *day.upcoming])
        widgets = [
            (item, ctx.w(f"/widgets/{item.key}")) for item in ctx.machinery.registry.serve(Widget, ctx)
        ]
        return render(
            ctx,
            request,
            "home/today.html",
            greeting=today.greeting(ctx),
            date=format_date(ctx.today(), ctx.locale, "long"),
            follow_ups=[today.follow_up_view(ctx, item) for item in day.follow_ups],
            due=rows[: len(day.due)],
            upcoming=rows[len(day.due) :],
            recent=await today.recent_views(ctx),
            checklist=await today.checklist(ctx),
            widgets=widgets,
        )

    @post("/checklist/dismiss", permission=SIGNED_IN)
    async def dismiss(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Hide the first steps from the reader."""
        await service.dismiss_checklist(ctx)
        return redirect(request, ctx.w("/"))

    @get("/widgets/{key:str}", permission=SIGNED_IN)
    async def widget(self, ctx: Ctx, request: Any_, key: str) -> Response[Any]:
        """Show a card, or a small one with the request's number where it fails or takes too long."""
        served = ctx.machinery.registry.serve(Widget, ctx)
        widget = next((item for item in served if item.key == key), None)
        if widget is None:
            raise NotFound
        try:
            async with asyncio.timeout(TIMEOUT_S):
                template, values = await widget.render(ctx)
            return render(ctx, request, template, widget=widget, **values)
        except AppError:
            raise
        except Exception as error:
            failed(ctx, widget, error)
            ctx.roll_back()
            return render(ctx, request, "home/widget_failed.html", widget=widget)
