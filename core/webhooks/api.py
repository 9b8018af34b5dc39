"""The API of webhooks."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, Response
from litestar.params import QueryParameter

from core.tenancy.ctx import Ctx
from core.web.routing import delete, get, patch, post
from core.webhooks import choosing, queries, service, service_deliveries, shown
from core.webhooks.schema import (
    DeliveriesMade,
    DeliveryDetail,
    DeliveryList,
    DeliveryOut,
    EndpointIn,
    EndpointList,
    EndpointMade,
    EndpointOut,
    EndpointPatch,
    EventType,
    EventTypeList,
    Queued,
    ResendIn,
    ResumeIn,
    RotateIn,
    TryIn,
)

VIEW, MANAGE = "webhooks.view", "webhooks.manage"
State = Annotated[
    Literal["", "pending", "held", "delivered", "failed", "skipped"], QueryParameter(name="state")
]


class WebhookApi(Controller):
    """Webhooks for programs."""

    path = "/webhooks"
    tags = ("Webhooks",)

    @get("/", permission=VIEW)
    async def list_webhooks(self, ctx: Ctx) -> EndpointList:
        """List all webhooks."""
        return EndpointList(data=[shown.endpoint_out(one) for one in await queries.endpoints(ctx)])

    @post("/", permission=MANAGE, status_code=201, opt={"sealed": True})
    async def create_webhook(self, ctx: Ctx, data: EndpointIn) -> EndpointMade:
        """Make a webhook; the answer is the only one that has its secret."""
        secret, endpoint = await service.create(ctx, data)
        return shown.endpoint_made(endpoint, secret)

    @get("/events", permission=VIEW)
    async def list_events(self, ctx: Ctx) -> EventTypeList:
        """List the events that can be chosen."""
        found = choosing.offered(ctx)
        return EventTypeList(data=[EventType(name=name, title=found[name].summary) for name in found])

    @get("/{webhook_id:uuid}", permission=VIEW)
    async def get_webhook(self, ctx: Ctx, webhook_id: UUID) -> EndpointOut:
        """Read one webhook."""
        return shown.endpoint_out(await queries.endpoint(ctx, webhook_id))

    @patch("/{webhook_id:uuid}", permission=MANAGE)
    async def update_webhook(self, ctx: Ctx, webhook_id: UUID, data: EndpointPatch) -> EndpointOut:
        """Change a webhook; whoever changes it answers for it, with what he may see."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        await service.change(ctx, endpoint, data)
        return shown.endpoint_out(endpoint)

    @delete("/{webhook_id:uuid}", permission=MANAGE, status_code=204, unpaid=True)
    async def delete_webhook(self, ctx: Ctx, webhook_id: UUID) -> Response[None]:
        """Delete a webhook with its log."""
        await service.delete(ctx, await queries.endpoint(ctx, webhook_id, lock=True))
        return Response(None, status_code=204)

    @post("/{webhook_id:uuid}/rotate", permission=MANAGE, opt={"sealed": True})
    async def rotate_secret(self, ctx: Ctx, webhook_id: UUID, data: RotateIn) -> EndpointMade:
        """Replace the secret; until the overlap is over, both sign."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        secret = await service.rotate(ctx, endpoint, data)
        return shown.endpoint_made(endpoint, secret)

    @post("/{webhook_id:uuid}/pause", permission=MANAGE, unpaid=True)
    async def pause_webhook(self, ctx: Ctx, webhook_id: UUID) -> EndpointOut:
        """Hold everything back."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        await service.pause(ctx, endpoint)
        return shown.endpoint_out(endpoint)

    @post("/{webhook_id:uuid}/resume", permission=MANAGE)
    async def resume_webhook(self, ctx: Ctx, webhook_id: UUID, data: ResumeIn) -> EndpointOut:
        """Go on, with what was held back or without it."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        await service.resume(ctx, endpoint, data)
        return shown.endpoint_out(endpoint)

    @post("/{webhook_id:uuid}/test", permission=MANAGE, status_code=202)
    async def test_webhook(self, ctx: Ctx, webhook_id: UUID, data: TryIn) -> Response[DeliveriesMade]:
        """Send made-up events, each once."""
        endpoint = await queries.endpoint(ctx, webhook_id, lock=True)
        made = await service_deliveries.try_out(ctx, endpoint, data)
        return Response(DeliveriesMade(data=[shown.delivery_out(one) for one in made]), status_code=202)

    @post("/{webhook_id:uuid}/resend", permission=MANAGE, status_code=202)
    async def resend_deliveries(self, ctx: Ctx, webhook_id: UUID, data: ResendIn) -> Response[Queued]:
        """Send what was made between two instants again."""
        endpoint = await queries.endpoint(ctx, webhook_id)
        job_id = await service_deliveries.resend_some(ctx, endpoint, data)
        return Response(Queued(job_id=job_id), status_code=202)

    @get("/{webhook_id:uuid}/deliveries", permission=VIEW)
    async def list_deliveries(
        self, ctx: Ctx, webhook_id: UUID, only: State = "", after: UUID | None = None, limit: int = 50
    ) -> DeliveryList:
        """List what was or is to be told, newest first."""
        endpoint, most = await queries.endpoint(ctx, webhook_id), max(1, min(limit, 200))
        found = await queries.deliveries(ctx, endpoint_id=endpoint.id, state=only, after=after, limit=most)
        following = str(found[-1].id) if len(found) == most else None
        return DeliveryList(data=[shown.delivery_out(one) for one in found], next=following)


class DeliveryApi(Controller):
    """Single deliveries for programs."""

    path = "/deliveries"
    tags = ("Webhooks",)

    @get("/{delivery_id:uuid}", permission=VIEW)
    async def get_delivery(self, ctx: Ctx, delivery_id: UUID) -> DeliveryDetail:
        """Read one delivery with what is sent and every answer."""
        delivery = await queries.delivery(ctx, delivery_id)
        bodies = await queries.bodies(ctx, [delivery])
        return shown.delivery_detail(
            delivery, bodies.get(delivery.id), await queries.attempts(ctx, delivery.id)
        )

    @post("/{delivery_id:uuid}/resend", permission=MANAGE)
    async def resend_delivery(self, ctx: Ctx, delivery_id: UUID) -> DeliveryOut:
        """Send one delivery again, under the same id."""
        delivery = await queries.delivery(ctx, delivery_id)
        return shown.delivery_out(await service_deliveries.resend(ctx, delivery))
