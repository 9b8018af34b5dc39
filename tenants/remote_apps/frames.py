"""Panels of remote apps: a frame around the app's page that gives it no more than a signed word on what it is about.

The frame is a document of its own with a policy of its own: the page around it needs to know no app's address, and
the app is shut into a sandbox without the page's origin.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from litestar import Controller, Request, Response

from core.kernel.errors import NotFound
from core.records import lists
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import Tenant
from core.web.pages import render
from core.web.request import SIGNED_IN, runtime_of
from core.web.routing import get
from tenants.remote_apps import queries, service
from tenants.remote_apps.asking import origin, read
from tenants.remote_apps.schema import PLACES
from tenants.remote_apps.tokens import signed

SANDBOX = "allow-scripts allow-forms allow-popups"
"""Never with allow-same-origin, and the app cannot move the page that it stands on."""
POLICY = "default-src 'none'; style-src 'self'; frame-src {origin}; frame-ancestors 'self'; base-uri 'none'"


class FramePages(Controller):
    """The frames of panels."""

    path = "/remote-apps"
    include_in_schema = False

    @get("/{app_id:uuid}/panels/{number:str}/{record_id:uuid}", permission=SIGNED_IN)
    async def frame(
        self,
        ctx: Ctx,
        control: Control,
        request: Request[Any, Any, Any],
        app_id: UUID,
        number: str,
        record_id: UUID,
    ) -> Response[Any]:
        """Show an app's panel for a record that the reader may see."""
        app = await queries.one(control, ctx.tenant.id, app_id)
        granted = read(app.granted)
        panels = dict(enumerate(granted.panels)) if granted is not None and app.state == "active" else {}
        panel = panels.get(int(number)) if number.isdecimal() and len(number) < 3 else None
        if panel is None:
            raise NotFound
        await lists.get(ctx, ctx.machinery.registry.records[panel.on], record_id)
        claims = {
            "iss": runtime_of(request).settings.public_url,
            "aud": str(app.id),
            "sub": str(ctx.actor.member_id),
            "workspace": str(ctx.tenant.id),
            "record_type": panel.on,
            "record_id": str(record_id),
            "locale": ctx.locale,
            "theme": request.cookies.get("gx_theme", "auto"),
        }
        token = signed(claims, service.secret_of(control, ctx.tenant, app), ctx.now())
        policy = POLICY.format(origin=origin(panel.url))
        return render(
            ctx,
            request,
            "remote_apps/frame.html",
            headers={"Content-Security-Policy": policy},
            panel=panel,
            app=app,
            url=_with_token(panel.url, token),
            sandbox=SANDBOX,
        )


def _with_token(url: str, token: str) -> str:
    parts = urlsplit(url)
    query = f"{parts.query}&token={token}" if parts.query else f"token={token}"
    return urlunsplit(parts._replace(query=query))


def drawn(record_type: str) -> tuple[Any, Any]:
    """How the panels of all apps for a type of record are drawn, and whether there are any."""

    async def render_(ctx: Ctx, _record: Any) -> tuple[str, dict[str, Any]]:
        placed = await queries.panels(ctx.machinery, ctx.tenant, record_type)
        return "remote_apps/panels.html", {"placed": placed}

    async def is_wanted(runtime: Any, tenant: Tenant) -> bool:
        return bool(await queries.panels(runtime, tenant, record_type))

    return render_, is_wanted


TYPES = tuple(key for key, _ in PLACES)
