"""The page of one delivery: what was sent, and every answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response

from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx
from core.web.pages import redirect, render, toast
from core.web.routing import get, post
from core.webhooks import message, queries, service_deliveries, shown

Any_ = Request[Any, Any, Any]
VIEW, MANAGE = "webhooks.view", "webhooks.manage"


class DeliveryPages(Controller):
    """Single deliveries for people."""

    path = "/settings/webhooks/deliveries"
    include_in_schema = False

    @get("/{delivery_id:uuid}", permission=VIEW)
    async def show(self, ctx: Ctx, request: Any_, delivery_id: UUID) -> Response[Any]:
        """Show a delivery."""
        delivery = await queries.delivery(ctx, delivery_id)
        body = (await queries.bodies(ctx, [delivery])).get(delivery.id)
        return render(
            ctx,
            request,
            "webhooks/delivery.html",
            item=delivery,
            endpoint=await queries.endpoint(ctx, delivery.endpoint_id),
            attempts=await queries.attempts(ctx, delivery.id),
            body=msgspec.json.format(message.encoded(body), indent=2).decode() if body is not None else "",
            states=shown.STATES,
        )

    @post("/{delivery_id:uuid}/resend", permission=MANAGE)
    async def resend(self, ctx: Ctx, request: Any_, delivery_id: UUID) -> Response[Any]:
        """Send it again, under the same id."""
        delivery = await service_deliveries.resend(ctx, await queries.delivery(ctx, delivery_id))
        here = ctx.w(f"/settings/webhooks/deliveries/{delivery.id}")
        return toast(redirect(request, here), ctx.t(N_("It is being sent again.")))
