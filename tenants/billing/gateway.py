"""The payment service as the product knows it: an address. The only module that speaks to Stripe.

Owns: the client, which objects are read, and the idempotency key of every write. Emits nothing.
Never runs inside a transaction, never keeps anything, never decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import stripe
import structlog
from stripe import HTTPXClient, StripeClient

from core.kernel.errors import AppError, Unavailable
from core.kernel.guards import outside_transaction
from core.kernel.i18n import N_
from core.settings import Settings

TIMEOUT_S = 20.0
RETRIES = 2
NEWEST = 24
"""So many invoices of a workspace are kept up to date."""
log = structlog.get_logger(__name__)
Object = Mapping[str, Any]


class PaymentRefused(AppError):
    """The card does not pay; nothing was changed."""

    status = 402
    code = "payment.refused"
    title = N_("The payment did not go through")


class PaymentUnavailable(Unavailable):
    """The payment service does not answer."""

    code = "payment.unavailable"
    title = N_("The payment service does not answer at the moment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A price and how many of it, to be bought."""

    price: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A checkout to open."""

    customer: str
    lines: Sequence[Line]
    success_url: str
    cancel_url: str
    metadata: Mapping[str, str]
    trial_days: int = 0
    locale: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a customer has at one instant: subscriptions and invoices, the newest first, and the next invoice."""

    subscriptions: Sequence[Object] = ()
    invoices: Sequence[Object] = ()
    upcoming: Object | None = None


class Gateway:
    """Calls the payment service; one per process."""

    def __init__(
        self, *, key: str, base: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        http = HTTPXClient(timeout=TIMEOUT_S)
        if transport is not None or base is not None:
            # Its own client would go by proxies of the environment, for an address on this very machine too.
            http._client_async = httpx.AsyncClient(transport=transport, trust_env=False)
        self._prices: dict[str, str] = {}
        addresses: Any = {"api": base} if base else None
        self._client = StripeClient(
            key, base_addresses=addresses, http_client=http, max_network_retries=RETRIES
        )

    async def customer(self, *, name: str, email: str, tenant_id: str) -> str:
        """Make a customer for a workspace; gives its id, for the same name and address the same one.

        A key under which something else was asked for is refused for as long as the service knows it.
        """
        params: Any = {"name": name, "email": email, "metadata": {"tenant": tenant_id}}
        wish = hashlib.sha256(f"{name}\n{email}".encode()).hexdigest()[:20]
        async with _speaking():
            made = await self._client.v1.customers.create_async(
                params, {"idempotency_key": f"customer-{tenant_id}-{wish}"}
            )
        return made.id

    async def price(
        self, *, lookup_key: str, name: str, amount_minor: int, currency: str, interval: str
    ) -> str:
        """Find the price of that name, or make it; gives its id."""
        if lookup_key not in self._prices:
            self._prices[lookup_key] = await self._price(lookup_key, name, amount_minor, currency, interval)
        return self._prices[lookup_key]

    async def _price(
        self, lookup_key: str, name: str, amount_minor: int, currency: str, interval: str
    ) -> str:
        async with _speaking():
            found = await self._client.v1.prices.list_async({"lookup_keys": [lookup_key], "limit": 1})
            if found.data:
                return found.data[0].id
            params: Any = {
                "lookup_key": lookup_key,
                "currency": currency.lower(),
                "unit_amount": amount_minor,
                "recurring": {"interval": interval},
                "product_data": {"name": name},
            }
            made = await self._client.v1.prices.create_async(
                params, {"idempotency_key": f"price-{lookup_key}"}
            )
        return made.id

    async def checkout(self, order: Order, *, key: str) -> str:
        """Open a checkout; gives the address of its page."""
        data: dict[str, Any] = {"metadata": dict(order.metadata)}
        if order.trial_days:
            data["trial_period_days"] = order.trial_days
        params: Any = {
            "mode": "subscription",
            "customer": order.customer,
            "line_items": [{"price": line.price, "quantity": line.quantity} for line in order.lines],
            "success_url": order.success_url,
            "cancel_url": order.cancel_url,
            "client_reference_id": order.metadata["tenant"],
            "allow_promotion_codes": True,
            "locale": order.locale,
            "subscription_data": data,
        }
        async with _speaking():
            made = await self._client.v1.checkout.sessions.create_async(params, {"idempotency_key": key})
        return str(made.url)

    async def portal(self, customer: str, return_url: str, *, key: str) -> str:
        """Open the portal of a customer; gives its address."""
        async with _speaking():
            made = await self._client.v1.billing_portal.sessions.create_async(
                {"customer": customer, "return_url": return_url}, {"idempotency_key": key}
            )
        return made.url

    async def snapshot(self, customer: str) -> Snapshot:
        """Read what a customer has now."""
        async with _speaking():
            held = await self._client.v1.subscriptions.list_async(
                {"customer": customer, "status": "all", "limit": NEWEST}
            )
            invoices = await self._client.v1.invoices.list_async({"customer": customer, "limit": NEWEST})
        running = [each.id for each in held.data if each.status in ("active", "trialing")]
        return Snapshot(
            subscriptions=[each.to_dict(recursive=True) for each in held.data],
            invoices=[each.to_dict(recursive=True) for each in invoices.data],
            upcoming=await self.upcoming(running[-1]) if running else None,
        )

    async def change(self, subscription: str, params: Mapping[str, Any], *, key: str) -> None:
        """Change a subscription; raises :class:`PaymentRefused` where the card would have to pay and does not."""
        wanted: Any = dict(params)
        async with _speaking():
            await self._client.v1.subscriptions.update_async(subscription, wanted, {"idempotency_key": key})

    async def cancel(self, subscription: str, *, key: str) -> None:
        """End a subscription now and give the unused time back as credit."""
        async with _speaking():
            await self._client.v1.subscriptions.cancel_async(
                subscription, {"prorate": True, "invoice_now": True}, {"idempotency_key": key}
            )

    async def pay(self, invoice: str, *, key: str) -> None:
        """Have the card on file pay an open invoice."""
        async with _speaking():
            await self._client.v1.invoices.pay_async(invoice, {}, {"idempotency_key": key})

    async def upcoming(self, subscription: str, change: Mapping[str, Any] | None = None) -> Object | None:
        """The next invoice as it stands, or as it would be after a change; None where none will come."""
        params: Any = {"subscription": subscription, **({"subscription_details": change} if change else {})}
        try:
            async with _speaking():
                found = await self._client.v1.invoices.create_preview_async(params)
        except _NoneComes:
            return None
        return found.to_dict(recursive=True)

    async def promotion(self, code: str) -> str | None:
        """The id of a promotion code that can be used; None where there is none."""
        async with _speaking():
            found = await self._client.v1.promotion_codes.list_async(
                {"code": code, "active": True, "limit": 1}
            )
        return found.data[0].id if found.data else None


class _NoneComes(Exception):
    """There is no next invoice."""


@asynccontextmanager
async def _speaking() -> AsyncIterator[None]:
    """Put what the library raises into the product's own errors."""
    outside_transaction("a call to the payment service")
    try:
        yield
    except stripe.CardError as error:
        raise PaymentRefused(detail=_SAID.get(error.code or "", _REFUSED)) from error
    except stripe.InvalidRequestError as error:
        if error.code == "invoice_upcoming_none":
            raise _NoneComes from error
        raise
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        log.warning("payment service out of reach", error=repr(error))
        raise PaymentUnavailable(retry_after_s=5) from error
    except stripe.StripeError as error:
        log.warning("payment service failed", error=repr(error))
        raise PaymentUnavailable(retry_after_s=5) from error


_REFUSED = N_("The card was declined. Nothing was changed. Use another card, or ask your bank.")
_SAID = {
    "authentication_required": N_("Your bank wants you to confirm the payment. Pay it on the payment page."),
    "expired_card": N_("The card has expired. Use another one."),
    "insufficient_funds": N_("The card has not enough funds. Use another one."),
}


def gateway_of(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> Gateway | None:
    """The gateway of an installation; None where no address of a payment service is set."""
    if settings.stripe_api_key is None:
        return None
    return Gateway(key=settings.stripe_api_key, base=settings.stripe_api_base, transport=transport)


def is_rehearsal(settings: Settings) -> bool:
    """Whether payments are only played, by a key for tests or at another address than Stripe's."""
    key, base = settings.stripe_api_key or "", settings.stripe_api_base or "https://api.stripe.com"
    return bool(key) and (
        key.startswith("sk_test_") or not (urlsplit(base).hostname or "").endswith("stripe.com")
    )
