"""What a request says of itself: which process serves it, who sends it, and what its form holds."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection

from core.runtime import Runtime
from core.tenancy.ctx import Principal

SIGNED_IN: Final = "*"
"""The permission of routes that every signed-in member may use."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
API_PREFIX: Final = "/api/"


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


async def field(request: Request[Any, Any, Any], name: str) -> str:
    """A field of the form that the request brought; empty where it brought none."""
    if not request.route_handler.opt.get("upload"):
        # The body is kept first: reading a multipart form would stream it away, and it is read again later.
        await request.body()
    return str((await request.form()).get(name, ""))
