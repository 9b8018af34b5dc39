"""The API of a member's own notifications."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, Response

from core.activities.notifications import queries, service
from core.activities.notifications.schema import NotificationList, NotificationOut
from core.activities.notifications.shown import to_out
from core.tenancy.ctx import Ctx
from core.web.routing import get, post


class NotificationApi(Controller):
    """What the key's member should know."""

    path = "/notifications"
    tags = ["Notifications"]  # noqa: RUF012 - the framework declares it so

    @get("/", permission="notifications.view")
    async def find(self, ctx: Ctx, after: str = "", unread: bool = False) -> Response[NotificationList]:
        """List notifications, newest first; ``next`` continues the list as ``after``."""
        page = await queries.page(ctx, after=after, only_unread=unread)
        found = [to_out(ctx, item) for item in page.items]
        return Response(NotificationList(data=found, unread=await queries.unread(ctx), next=page.next_cursor))

    @post("/read", permission="notifications.edit", status_code=204)
    async def read_all(self, ctx: Ctx) -> Response[None]:
        """Mark all as read."""
        await service.read_all(ctx)
        return Response(None, status_code=204)

    @post("/{notification_id:uuid}/read", permission="notifications.edit")
    async def read(self, ctx: Ctx, notification_id: UUID) -> Response[NotificationOut]:
        """Mark one as read; harmless to repeat."""
        notification = await queries.find(ctx, notification_id)
        await service.read(ctx, notification)
        return Response(to_out(ctx, notification))
