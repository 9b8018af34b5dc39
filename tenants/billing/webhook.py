"""Where the payment service tells that something happened: its message is checked, noted, and read up on later."""

from __future__ import annotations

from typing import Any

import stripe
from litestar import Controller, Request, Response
from sqlalchemy.dialects.postgresql import insert

from core.kernel.errors import BadRequest, NotFound
from core.web.request import runtime_of
from core.web.routing import post
from tenants.billing.jobs import MESSAGE
from tenants.billing.models import StripeEvent
from tenants.billing.schema import MessageIn

MAX_BYTES = 1024 * 1024


class Webhook(Controller):
    """The address that the payment service knows."""

    path = "/billing"
    include_in_schema = False

    @post("/stripe", public=True, request_max_body_size=MAX_BYTES)
    async def take(self, request: Request[Any, Any, Any]) -> Response[None]:
        """Note a signed message, once; the answer does not wait for what follows."""
        runtime = runtime_of(request)
        secret = runtime.settings.stripe_webhook_secret
        if not secret:
            raise NotFound
        try:
            event = stripe.Webhook.construct_event(
                await request.body(), request.headers.get("stripe-signature"), secret
            )
        except (ValueError, stripe.SignatureVerificationError) as error:
            raise BadRequest(code="webhook.signature") from error
        async with runtime.control() as control:
            values = {
                "id": event.id,
                "type": event.type,
                "customer_id": customer_of(event.data.object.to_dict()),
                "received_at": control.now(),
            }
            noting = insert(StripeEvent).values(values).on_conflict_do_nothing().returning(StripeEvent.id)
            if await control.session.scalar(noting) is not None:
                control.enqueue(MESSAGE, MessageIn(event_id=event.id))
        return Response(None, status_code=200)


def customer_of(subject: Any) -> str | None:
    """Whom a message is about: the customer itself, or the one that its subject names."""
    found = subject.get("id") if subject.get("object") == "customer" else subject.get("customer")
    if isinstance(found, str) or found is None:
        return found
    return str(found.get("id"))
