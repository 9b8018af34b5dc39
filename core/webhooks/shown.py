"""Webhooks as the API and pages show them. Pure of HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from core.kernel.i18n import N_
from core.webhooks.conditions import Condition
from core.webhooks.models import Attempt, Delivery, Endpoint
from core.webhooks.schema import AttemptOut, DeliveryDetail, DeliveryOut, EndpointMade, EndpointOut

STATES: Final = (
    ("pending", N_("Waiting"), "info"),
    ("held", N_("Held"), "warn"),
    ("delivered", N_("Delivered"), "good"),
    ("failed", N_("Failed"), "bad"),
    ("skipped", N_("Skipped"), "neutral"),
)
REASONS: Final[Mapping[str, str]] = {
    "": "",
    "manual": N_("It was paused by hand."),
    "failing": N_("It answered nothing well for three days, so it was paused."),
    "gone": N_(
        "The receiver answered 410 Gone: it does not want to be told any more, so the webhook was paused."
    ),
    "copied": N_(
        "Its secret does not open in this copy of the workspace. Replace the secret, then resume it."
    ),
    "rights": N_(
        "The member who answers for it has left, so it was paused. Save it anew to answer for it yourself."
    ),
}


def endpoint_out(endpoint: Endpoint) -> EndpointOut:
    """A webhook as the API shows it."""
    return EndpointOut(**_named(EndpointOut, endpoint))


def endpoint_made(endpoint: Endpoint, secret: str) -> EndpointMade:
    """A webhook with its new secret."""
    return EndpointMade(**_named(EndpointOut, endpoint), secret=secret)


def _named(struct: type[msgspec.Struct], endpoint: Endpoint) -> dict[str, Any]:
    found = {name: getattr(endpoint, name) for name in struct.__struct_fields__}
    return {**found, "conditions": msgspec.convert(endpoint.conditions, list[Condition])}


def delivery_out(delivery: Delivery) -> DeliveryOut:
    """A delivery as the API shows it."""
    return DeliveryOut(**_of_delivery(delivery))


def delivery_detail(delivery: Delivery, request: Any, attempts: Sequence[Attempt]) -> DeliveryDetail:
    """A delivery with what is sent and its tries."""
    return DeliveryDetail(
        **_of_delivery(delivery), request=request, attempts=[attempt_out(one) for one in attempts]
    )


def _of_delivery(delivery: Delivery) -> dict[str, Any]:
    found = {name: getattr(delivery, name) for name in DeliveryOut.__struct_fields__}
    return {**found, "next_at": delivery.next_at if delivery.state == "pending" else None}


def attempt_out(attempt: Attempt) -> AttemptOut:
    """A try as the API shows it."""
    return AttemptOut(**{name: getattr(attempt, name) for name in AttemptOut.__struct_fields__})
