"""Route decorators that demand a permission, and the request's way in: who asks, may they, in which transaction.

A route that names neither a permission nor ``public=True`` fails at boot. One request is one transaction,
committed after the answer is built and before it is sent.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Litestar, Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from core.kernel import idempotency
from core.kernel.errors import Forbidden, NotFound, TooManyRequests, Unauthenticated
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx, Principal
from core.tenancy.limits import WorkspaceReadonly
from core.web.csrf import is_token

SIGNED_IN = "*"
"""The permission of routes that every signed-in member may use."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API_PREFIX = "/api/"
PUBLIC_PREFIX = "/p/"
"""Where modules show pages of a workspace to everybody, its members included: nobody is signed in there."""


class Route(HTTPRouteHandler):
    """A handler with a declared permission; its answer is kept under the request's idempotency key.

    ``unpaid``: it writes also while the workspace is read-only for want of payment; for paying, for taking one's
    data along, and for whatever keeps a login safe.
    With ``opt={"secret": True}`` it is not kept: it shows something that is stored nowhere.
    """

    def __init__(
        self,
        path: str | list[str] | None = None,
        *,
        permission: str = "",
        public: bool = False,
        records: bool = False,
        unpaid: bool = False,
        **options: Any,
    ) -> None:
        if not permission and not public:
            raise ImproperlyConfiguredException(
                f"the route {path!r} declares neither permission nor public=True"
            )
        opt = {
            **(options.pop("opt", None) or {}),
            "permission": permission,
            "public": public,
            "records": records,
            "unpaid": unpaid,
        }
        options.setdefault("status_code", 200)
        super().__init__(path, opt=opt, **options)

    async def to_response(self, app: Litestar, data: Any, request: Request[Any, Any, Any]) -> ASGIApp:
        """Build the answer and, within the same transaction, keep it for a repetition of the request."""
        response = await super().to_response(app, data, request)
        pending: Any = request.scope.get("gx.idempotency")
        # A subclass streams: there is no body to keep.
        if pending is not None and not self.opt.get("secret") and type(response) is ASGIResponse:
            kept = idempotency.kept(pending, response)
            if kept is not None:
                request.scope["gx.ctx"].write_last(kept)  # type: ignore[typeddict-item]
        return response


get = partial(Route, http_method="GET")
post = partial(Route, http_method="POST")
put = partial(Route, http_method="PUT")
patch = partial(Route, http_method="PATCH")
delete = partial(Route, http_method="DELETE")


def runtime_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Runtime:
    """The process's runtime."""
    runtime: Runtime = connection.app.state.runtime
    return runtime


def is_api(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether the request came to the JSON API."""
    return str(connection.scope["path"]).startswith(API_PREFIX)


def principal_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Principal | None:
    """Who sends the request, as the guard found out."""
    principal: Principal | None = connection.scope.get("gx.principal")  # type: ignore[assignment]
    return principal


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request in, or raise: who it is, the workspace, the module, forged requests, the limits."""
    opt = handler.opt
    if opt.get("asset"):
        return
    runtime = runtime_of(connection)
    request: Request[Any, Any, Any] = connection  # type: ignore[assignment]
    path = str(connection.scope["path"])
    if path.startswith(PUBLIC_PREFIX) and opt.get("public"):
        principal: Principal | None = await runtime.visitor(path.split("/")[2], opt.get("plugin", ""))
    else:
        principal = await runtime.authenticate(request)
    connection.scope["gx.principal"] = principal  # type: ignore[typeddict-unknown-key]
    if request.method not in SAFE:
        await _refuse_forgery(request, principal)
    await _refuse_flood(runtime, request, principal)
    if opt.get("public"):
        return
    if principal is None:
        raise _login_needed(request)
    plugin = opt.get("plugin", "")
    if principal.tenant is None or (plugin and not runtime.registry.is_on(plugin, principal.tenant.plugins)):
        raise NotFound
    if principal.tenant.readonly and request.method not in SAFE and not opt.get("unpaid"):
        raise WorkspaceReadonly


def _login_needed(request: Request[Any, Any, Any]) -> Unauthenticated:
    if is_api(request):
        return Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
    path = request.scope["path"] if request.method in SAFE else "/"
    return Unauthenticated(headers={"Location": f"/login?next={quote(str(path))}"})


async def _refuse_forgery(request: Request[Any, Any, Any], principal: Principal | None) -> None:
    """Refuse unsafe requests of other sites; with a session cookie, also those without its token."""
    if is_api(request):
        return
    origin = request.headers.get("origin", "")
    foreign = bool(origin) and urlsplit(origin).netloc != request.headers.get("host", "")
    if foreign or request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden(N_("This form came from another site."), code="csrf.origin")
    if principal is None or not principal.csrf:
        return
    token = request.headers.get("x-csrf-token") or await _field(request, "_csrf")
    if not is_token(token, principal.csrf):
        raise Forbidden(N_("This page is out of date. Reload it and try again."), code="csrf.token")


async def _field(request: Request[Any, Any, Any], name: str) -> str:
    # The body is kept first: reading a multipart form would stream it away, and it is read again later.
    await request.body()
    return str((await request.form()).get(name, ""))


async def _refuse_flood(
    runtime: Runtime, request: Request[Any, Any, Any], principal: Principal | None
) -> None:
    verdict = await runtime.limit(request, principal)
    request.scope["gx.limit"] = verdict  # type: ignore[typeddict-unknown-key]
    if not verdict.allowed:
        raise TooManyRequests(retry_after_s=verdict.retry_after_s)


async def provide_ctx(request: Request[Any, Any, Any]) -> AsyncGenerator[Ctx, None]:
    """Open the request's transaction; it commits when the answer stands, and rolls back on any exception."""
    opt = request.route_handler.opt
    principal = principal_of(request)
    if principal is None or principal.tenant is None:
        raise Unauthenticated
    readonly = request.method in SAFE and not opt["records"]
    request_id = str(request.scope.get("gx.request_id", ""))
    async with runtime_of(request).enter(principal, readonly=readonly, request_id=request_id) as ctx:
        request.scope["gx.ctx"] = ctx  # type: ignore[typeddict-unknown-key]
        if opt["permission"] not in {SIGNED_IN, ""}:
            await ctx.require(opt["permission"])
        if not readonly and principal.kind != "public":
            await _begin_idempotent(request, ctx)
        try:
            yield ctx
        except BaseException:
            # The framework throws the handler's exception in here and raises it again by itself.
            ctx.roll_back()


async def provide_control(request: Request[Any, Any, Any]) -> AsyncGenerator[Control, None]:
    """Open a transaction in the control plane, for the routes of accounts and workspaces."""
    principal = principal_of(request)
    request_id = str(request.scope.get("gx.request_id", ""))
    address = request.client.host if request.client else ""
    async with runtime_of(request).control(principal, request_id=request_id, address=address) as control:
        try:
            yield control
        except BaseException:
            control.roll_back()


async def _begin_idempotent(request: Request[Any, Any, Any], ctx: Ctx) -> None:
    key = request.headers.get("idempotency-key", "")
    if not key and not is_api(request):
        key = await _field(request, "_key")
    if not key:
        return
    actor = ctx.actor
    pending = await idempotency.begin(
        ctx.session,
        key=key,
        principal=str(actor.key_id or actor.member_id),
        route=f"{request.method} {request.scope['path']}",
        payload=await _payload(request),
        now=ctx.now(),
    )
    request.scope["gx.idempotency"] = pending  # type: ignore[typeddict-unknown-key]


async def _payload(request: Request[Any, Any, Any]) -> bytes:
    """What has to be equal in a repeated request: the question behind the path, and the body."""
    body = idempotency.canonical(await request.body(), request.headers.get("content-type", ""))
    return bytes(request.scope["query_string"]) + b"\0" + body


def replayed(answer: idempotency.Stored) -> Response[bytes]:
    """The kept answer of an earlier, equal request."""
    return Response(
        answer.body,
        status_code=answer.status,
        headers={**answer.headers, "Idempotent-Replayed": "true"},
        media_type=answer.headers.get("content-type", "application/json"),
    )
