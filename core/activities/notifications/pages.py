"""The bell and the list behind it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.activities.notifications import queries, service
from core.activities.notifications.shown import icon, to_out
from core.tenancy.ctx import Ctx
from core.web.pages import redirect, render
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]


class NotificationPages(Controller):
    """One member's notifications."""

    path = "/notifications"
    include_in_schema = False

    @get("/", permission="notifications.view")
    async def show(self, ctx: Ctx, request: Any_, after: str = "") -> Response[Any]:
        """List notifications, newest first."""
        page = await queries.page(ctx, after=after)
        entries = [(icon(item), item) for item in (to_out(ctx, one) for one in page.items)]
        return render(
            ctx,
            request,
            "notifications/list.html",
            entries=entries,
            more_url=ctx.w(f"/notifications?after={page.next_cursor}") if page.next_cursor else "",
        )

    @post("/read", permission="notifications.edit")
    async def read_all(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Mark all as read."""
        await service.read_all(ctx)
        return redirect(request, ctx.w("/notifications"))

    @post("/{notification_id:uuid}/open", permission="notifications.edit")
    async def open(self, ctx: Ctx, request: Any_, notification_id: UUID) -> Response[Any]:
        """Mark one as read and go to its cause."""
        notification = await queries.find(ctx, notification_id)
        await service.read(ctx, notification)
        return redirect(request, ctx.w(notification.path))


async def bell(ctx: Ctx) -> tuple[str, dict[str, Any]]:
    """Render the bell with the number of unread notifications, for the stream of open pages."""
    return "notifications/bell.html", {"url": ctx.w("/notifications"), "count": await queries.unread(ctx)}
