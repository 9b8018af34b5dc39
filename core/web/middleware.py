"""Around every request: an id, one log line, the headers that keep a browser in bounds."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, NamedTuple

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.kernel import metrics
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.kernel.turns import Turns
from core.web.proxies import see_through

log = structlog.get_logger("guanxi.request")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "manifest-src 'self'"
)
HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
NO_STORE = (b"cache-control", b"private, no-store")
MODULE_S: Final = 60.0


class Answered(NamedTuple):
    """What became of a request; a guard that wants to know puts a function for it into ``scope["gx.answered"]``."""

    request_id: str
    method: str
    route: str
    status: int
    seconds: float


class TooSlow(AppError):
    """What a module does for a request did not come to an end."""

    status = 504
    code = "plugin.slow"
    title = N_("The module behind this does not answer")


class InTime:
    """Ends requests of installed modules whose answer does not begin in time, so that they hold up nobody else's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            async with asyncio.timeout(MODULE_S) as limit:

                async def begun(message: Message) -> None:
                    limit.reschedule(None)
                    await send(message)

                await self.app(scope, receive, begun)
        except TimeoutError as error:
            if not limit.expired():
                raise
            detail = N_("Try again later. If it stays so, tell the administrator of your workspace.")
            raise TooSlow(detail=detail) from error


class RequestFrame:
    """Numbers the request, times it, writes its log line, and sets the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        see_through(scope, scope["litestar_app"].state.runtime.settings.trusted_proxies)
        request_id = uuid7().hex
        scope["gx.request_id"] = request_id  # type: ignore[typeddict-unknown-key]
        started = time.perf_counter()
        status = 500

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_missing(scope, message["headers"], request_id)]
            await send(message)

        try:
            await self.app(scope, receive, framed)
        finally:
            _log(scope, request_id, status, time.perf_counter() - started)


def _missing(scope: Scope, present: Any, request_id: str) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in present}
    added = [*HEADERS, (b"x-request-id", request_id.encode())]
    if not str(scope["path"]).startswith("/static/"):
        added.append(NO_STORE)
    # Whoever authenticated the request may have a cookie to set, whatever the answer is.
    added += [cookie.to_encoded_header() for cookie in scope.get("gx.cookies", ())]  # type: ignore[attr-defined]
    verdict = scope.get("gx.limit")
    if verdict is not None:
        headers = verdict.headers()  # type: ignore[attr-defined]
        added += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return [(name, value) for name, value in added if name not in names or name == b"set-cookie"]


def _log(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    if str(scope["path"]).startswith("/static/"):
        return
    principal: Any = scope.get("gx.principal")
    kind = principal.kind if principal else "public"
    if principal:
        scope["litestar_app"].state.runtime.part(Turns, Turns).served()
    method, route = str(scope["method"]), str(scope.get("path_template") or "none")  # type: ignore[typeddict-item]
    metrics.observe_request(method, route, status, principal=kind, seconds=seconds)
    tell: Any = scope.get("gx.answered")
    if tell is not None:
        tell(Answered(request_id, method, route, status, seconds))
    log.info(
        "request",
        request_id=request_id,
        tenant=principal.tenant.slug if principal and principal.tenant else None,
        principal=kind,
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
    )
