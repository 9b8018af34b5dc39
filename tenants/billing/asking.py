"""The way in of routes that speak to the payment service: who asks is settled before, and no transaction is open."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from core.kernel.errors import Unauthenticated
from core.kernel.ids import uuid7
from core.web.request import is_api, principal_of, runtime_of
from tenants.billing.payments import Buyer

MANAGE = "billing.manage"


async def buyer(request: Request[Any, Any, Any]) -> Buyer:
    """Who asks, if he may pay for the workspace."""
    runtime, principal = runtime_of(request), principal_of(request)
    if principal is None or principal.tenant is None:
        raise Unauthenticated
    request_id = str(request.scope.get("gx.request_id", ""))
    async with runtime.enter(principal, readonly=True, request_id=request_id) as ctx:
        # What goes wrong from here on is told in the reader's language.
        request.scope["gx.ctx"] = ctx  # type: ignore[typeddict-unknown-key]
        await ctx.require(MANAGE)
        place = ctx.w("/settings/billing")
        return Buyer(
            tenant=ctx.tenant,
            name=ctx.actor.name,
            email=ctx.actor.email,
            locale=ctx.locale,
            key=await _key(request),
            back=f"{runtime.settings.public_url}{place}",
        )


async def _key(request: Request[Any, Any, Any]) -> str:
    """What makes a repeated click the same wish."""
    given = request.headers.get("idempotency-key", "")
    if not given and not is_api(request) and request.method == "POST":
        given = str((await request.form()).get("_key", ""))
    return given[:100] or str(uuid7())


def away(request: Request[Any, Any, Any], url: str) -> Response[Any]:
    """Send the browser to another site.

    Not by a redirect: the policy of content lets forms lead to this site alone, and that holds for redirects too.
    """
    if "hx-request" in request.headers:
        return Response(None, status_code=200, headers={"HX-Redirect": url})
    return Response(None, status_code=200, headers={"Refresh": f"0; url={url}"}, media_type="text/html")
