"""Route decorators that demand a permission, and the request's way in: who asks, may they, in which transaction.

A route that names neither a permission nor ``public=True`` fails at boot. One request is one transaction,
committed after the answer is built and before it is sent.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
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
from core.kernel.errors import Conflict, Forbidden, NotFound, TooManyRequests, Unauthenticated
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx, Principal
from core.tenancy.limits import WorkspaceReadonly
from core.web.csrf import is_token
from core.web.signatures import mark, places
from core.web.uses import uses_of

SIGNED_IN = "*"
"""The permission of routes that every signed-in member may use."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API_PREFIX = "/api/"
ONCE = "hx-once"
"""Marks a kept answer that has nothing to repeat."""
PUBLIC_PREFIX = "/p/"
"""Where modules show pages of a workspace to everybody, its members included: nobody is signed in there."""


class Route(HTTPRouteHandler):
    """A handler with a declared permission; its answer is kept under the request's idempotency key.

    ``unpaid``: it writes also while the workspace is read-only for want of payment; for paying, for taking one's
    data along, and for whatever keeps a login safe.
    With ``opt={"secret": True}`` only that there was one is kept: it shows something that is stored nowhere. With
    ``opt={"sealed": True}`` it is kept under the workspace's key: programs that ask again must get it again.
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

    def on_registration(self, app: Litestar) -> None:
        """Join the application; the function's parameters need not say where they come from."""
        mark(self.fn, places(self.ownership_layers))
        super().on_registration(app)

    async def to_response(self, app: Litestar, data: Any, request: Request[Any, Any, Any]) -> ASGIApp:
        """Build the answer and, within the same transaction, keep it for a repetition of the request."""
        response = await super().to_response(app, data, request)
        # A subclass streams: there is no body to keep.
        if type(response) is ASGIResponse:
            await _keep(request.scope, _Once(response.status_code) if self.opt.get("secret") else response)
        return response


get = partial(Route, http_method="GET")
post = partial(Route, http_method="POST")
put = partial(Route, http_method="PUT")
patch = partial(Route, http_method="PATCH")
delete = partial(Route, http_method="DELETE")


class _Once:
    """What is kept of an answer that is shown once."""

    body = b""

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code

    def encode_headers(self) -> list[tuple[bytes, bytes]]:
        """Say that there is nothing to repeat."""
        return [(ONCE.encode(), b"1")]


async def _keep(scope: Any, response: idempotency.Answer) -> None:
    pending = scope.get("gx.idempotency")
    kept = idempotency.kept(pending, response) if pending is not None else None
    if kept is not None:
        ctx: Ctx = scope["gx.ctx"]
        if scope["route_handler"].opt.get("sealed"):
            place = _place(ctx, pending.principal, pending.route)
            body = ctx.cipher().encrypt(kept.values["body"], place)
            kept = replace(kept, values={**kept.values, "body": body})
        ctx.write_last(kept)
    pending = scope.get("gx.control_idempotency")
    # What opens a session is not kept: it would be a login for whoever reads the table.
    if pending is not None and not any(
        b"httponly" in value.lower() for _, value in response.encode_headers()
    ):
        await idempotency.CONTROL.store(scope["gx.control"].session, pending, response)


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
    await _refuse_closed(request, runtime, principal)
    if principal.tenant is None or (plugin and not runtime.registry.is_on(plugin, principal.tenant.plugins)):
        raise NotFound
    if principal.tenant.readonly and request.method not in SAFE and not opt.get("unpaid"):
        raise WorkspaceReadonly


class Elsewhere(NotFound):
    """The page is at another address now; programs and parts of pages are told that there is nothing here."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


async def _refuse_closed(request: Request[Any, Any, Any], runtime: Runtime, principal: Principal) -> None:
    """Lead people from a former address to the present one, and from a closed workspace to where it can be opened."""
    path = str(request.scope["path"])
    if is_api(request) or request.method not in SAFE or not path.startswith("/w/"):
        return
    if principal.tenant is not None:
        if principal.tenant.state == "deleting":
            raise Elsewhere(f"/closed/{principal.tenant.id}")
        return
    former = path.split("/")[2]
    found = await runtime.directory.by_slug(former)
    if (
        found is not None
        and found.slug != former
        and found.slug in {slug for slug, _ in principal.workspaces}
    ):
        query = request.scope["query_string"].decode("latin-1")
        raise Elsewhere(f"/w/{found.slug}{path[len('/w/') + len(former) :]}" + (f"?{query}" if query else ""))


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
    foreign = bool(origin) and not _is_own(request, origin)
    if foreign or request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden(N_("This form came from another site."), code="csrf.origin")
    if principal is None or not principal.csrf:
        return
    token = request.headers.get("x-csrf-token") or await _field(request, "_csrf")
    if not is_token(token, principal.csrf):
        raise Forbidden(N_("This page is out of date. Reload it and try again."), code="csrf.token")


def _is_own(request: Request[Any, Any, Any], origin: str) -> bool:
    """Whether an origin is this site, as the browser sees it: behind a trusted proxy, as that one says."""
    if origin == runtime_of(request).settings.public_url:
        return True
    forwarded: Any = request.scope.get("gx.forwarded")
    host, scheme = forwarded or ("", "")
    parts = urlsplit(origin)
    is_same_scheme = not scheme or parts.scheme == scheme
    return is_same_scheme and parts.netloc == (host or request.headers.get("host", ""))


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
        if opt.get("plugin"):
            uses_of(runtime_of(request)).note(principal, opt["plugin"], opt["permission"])
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
        request.scope["gx.control"] = control  # type: ignore[typeddict-unknown-key]
        await _begin_idempotent_control(request, control)
        try:
            yield control
        except BaseException:
            control.roll_back()


async def _begin_idempotent(request: Request[Any, Any, Any], ctx: Ctx) -> None:
    key = await _idempotency_key(request)
    if not key:
        return
    principal = str(ctx.actor.key_id or ctx.actor.member_id)
    route = f"{request.method} {request.scope['path']}"
    payload = await _payload(request)
    try:
        pending = await idempotency.begin(
            ctx.session, key=key, principal=principal, route=route, payload=payload, now=ctx.now()
        )
    except idempotency.Replay as found:
        if request.route_handler.opt.get("sealed"):
            body = ctx.cipher().decrypt(found.answer.body, _place(ctx, principal, route))
            raise idempotency.Replay(replace(found.answer, body=body)) from None
        raise
    request.scope["gx.idempotency"] = pending  # type: ignore[typeddict-unknown-key]


def _place(ctx: Ctx, principal: str, route: str) -> str:
    return f"{ctx.tenant.id}|idempotency|body|{principal} {route}"


async def _begin_idempotent_control(request: Request[Any, Any, Any], control: Control) -> None:
    """Claim the key of a write that touches the control plane alone; beside a tenant's, that one's key counts."""
    who = control.principal
    has_ctx = "ctx" in request.route_handler.parsed_fn_signature.parameters
    if request.method in SAFE or has_ctx or who is None or not (who.account_id or who.key_id):
        return
    key = await _idempotency_key(request)
    if not key:
        return
    pending = await idempotency.CONTROL.begin(
        control.session,
        key=key,
        principal=str(who.key_id or who.account_id),
        route=f"{request.method} {request.scope['path']}",
        payload=await _payload(request),
        now=control.now(),
    )
    request.scope["gx.control_idempotency"] = pending  # type: ignore[typeddict-unknown-key]


async def _idempotency_key(request: Request[Any, Any, Any]) -> str:
    key = request.headers.get("idempotency-key", "")
    return key if key or is_api(request) else await _field(request, "_key")


async def _payload(request: Request[Any, Any, Any]) -> bytes:
    """What has to be equal in a repeated request: the question behind the path, and the body."""
    body = idempotency.canonical(await request.body(), request.headers.get("content-type", ""))
    return bytes(request.scope["query_string"]) + b"\0" + body


def replayed(answer: idempotency.Stored) -> Response[bytes]:
    """The kept answer of an earlier, equal request; raises Conflict where it was one to be shown once."""
    if ONCE in answer.headers:
        raise Conflict(
            code="idempotency.once",
            detail=N_("This was done already, and what it showed is shown once."),
        )
    return Response(
        answer.body,
        status_code=answer.status,
        headers={**answer.headers, "Idempotent-Replayed": "true"},
        media_type=answer.headers.get("content-type", "application/json"),
    )
