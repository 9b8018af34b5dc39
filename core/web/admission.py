"""The guard of every route: who asks, for which workspace and module, whether it is forged, and whether too often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from core.kernel.errors import Forbidden, NotFound, TooManyRequests, Unauthenticated
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.tenancy.directory import Tenant
from core.tenancy.limits import WorkspaceReadonly
from core.tenancy.sandboxes import NotInSandbox
from core.web.csrf import is_token
from core.web.request import SAFE, field, is_api, runtime_of

PUBLIC_PREFIX: Final = "/p/"
"""Where modules show pages of a workspace to everybody, its members included: nobody is signed in there."""


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
    _refuse_in_sandbox(request, principal.tenant, opt)
    if request.method not in SAFE and not opt.get("unpaid") and await _owes(runtime, principal.tenant):
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


def _refuse_in_sandbox(request: Request[Any, Any, Any], tenant: Tenant, opt: Mapping[str, Any]) -> None:
    """Keep what a route says is not for sandboxes to the workspace itself; programs may read it there all the same."""
    is_safe = request.method in SAFE
    if tenant.sandbox_of is None or opt.get("in_sandbox", True) or (is_safe and is_api(request)):
        return
    path = str(request.scope["path"])
    raise NotInSandbox(tenant, path[len(f"/w/{tenant.slug}") :] if is_safe else "/settings")


async def _owes(runtime: Runtime, tenant: Tenant) -> bool:
    """Whether nothing may be written before it is paid for; a sandbox is no way around that."""
    return tenant.readonly or (
        tenant.sandbox_of is not None and (await runtime.tenant(tenant.sandbox_of)).readonly
    )


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
    token = request.headers.get("x-csrf-token") or await field(request, "_csrf")
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


async def _refuse_flood(
    runtime: Runtime, request: Request[Any, Any, Any], principal: Principal | None
) -> None:
    verdict = await runtime.limit(request, principal)
    request.scope["gx.limit"] = verdict  # type: ignore[typeddict-unknown-key]
    if not verdict.allowed:
        raise TooManyRequests(retry_after_s=verdict.retry_after_s)
