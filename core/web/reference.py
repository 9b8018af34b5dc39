"""The API's description for programs, and its interactive reference for people."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Controller, MediaType, Request, Response
from litestar.response import Stream

from core.tenancy.ctx import Ctx
from core.web.middleware import CSP
from core.web.openapi import described
from core.web.pages import render
from core.web.request import SIGNED_IN, runtime_of
from core.web.routing import get

Any_ = Request[Any, Any, Any]
STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-ZW1GSuo0pKyEx5Ar7ZC5Dflb/mjatjeTW9aVx0iZAzE='",
    "'sha256-DLlkYCuDYGe6ME23YkUFB7Tc36rGDeo4mVBFbZX3uaU='",
    "'sha256-rO+6k1mDRASa9Q8IQu9I3bF+bjRdxDreAZCyGSaxzeI='",
)
"""Digests of the style elements that the reference's script makes without the nonce, at the version we ship."""


class DescriptionApi(Controller):
    """The description, with a key."""

    path = "/openapi.json"
    tags = ("About",)

    @get("/", permission=SIGNED_IN)
    async def openapi(self, ctx: Ctx, request: Any_) -> Response[dict[str, Any]]:
        """Describe every address of this API that the workspace has, as OpenAPI 3.1."""
        found: Any = described(request.app, runtime_of(request), ctx.tenant)
        return Response(found, media_type=MediaType.JSON)


class ReferencePages(Controller):
    """The reference, with a session."""

    path = "/settings/api"
    include_in_schema = False

    @get("/reference", permission=SIGNED_IN)
    async def reference(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show the interactive reference.

        Its script brings its styles along: elements are let in by nonce or digest, attributes on this page alone.
        """
        nonce = secrets.token_hex(16)
        styles = f"style-src 'self' 'nonce-{nonce}' {' '.join(STYLES)}; style-src-attr 'unsafe-inline'"
        policy = CSP.replace("style-src 'self'", styles)
        headers = {"Content-Security-Policy": policy}
        return render(ctx, request, "web/reference.html", headers=headers, nonce=nonce)

    @get("/openapi.json", permission=SIGNED_IN)
    async def openapi(self, ctx: Ctx, request: Any_) -> Stream:
        """Give the description that the reference shows."""
        found = described(request.app, runtime_of(request), ctx.tenant)
        return Stream(iter((found,)), media_type=MediaType.JSON)
