"""The API of remote apps. A program may ask for one, change what is asked, and stop one; a person agrees."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, Response

from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.routing import LIVE_ONLY, delete, get, patch, post
from tenants.remote_apps import asking, queries, service
from tenants.remote_apps.models import RemoteApp
from tenants.remote_apps.schema import AppIn, AppList, AppOut, AppPatch

VIEW, MANAGE = "remote_apps.view", "remote_apps.manage"


class RemoteAppApi(Controller):
    """The remote apps of the workspace."""

    path = "/remote-apps"
    tags = ("Remote apps",)
    opt = LIVE_ONLY

    @get("/", permission=VIEW)
    async def list_apps(self, ctx: Ctx, control: Control) -> AppList:
        """List the apps with what each may do and asks for."""
        found = await queries.apps(control, ctx.tenant.id)
        return AppList(data=await queries.shown(ctx, control, found))

    @post("/", permission=MANAGE, status_code=201)
    async def create_app(self, ctx: Ctx, control: Control, data: AppIn) -> AppOut:
        """Put an app up for consent: it can do nothing until a person agrees on its page."""
        return await _shown(ctx, control, await service.ask(control, ctx.tenant, asking.check(ctx, data)))

    @get("/{app_id:uuid}", permission=VIEW)
    async def get_app(self, ctx: Ctx, control: Control, app_id: UUID) -> AppOut:
        """Read one app."""
        return await _shown(ctx, control, await queries.one(control, ctx.tenant.id, app_id))

    @patch("/{app_id:uuid}", permission=MANAGE)
    async def update_app(self, ctx: Ctx, control: Control, app_id: UUID, data: AppPatch) -> AppOut:
        """Ask for something else; what the app may do stays as it is until a person agrees."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        service.ask_again(control, app, asking.check(ctx, service.patched(app, data)))
        return await _shown(ctx, control, app)

    @delete("/{app_id:uuid}", permission=MANAGE, status_code=204, unpaid=True)
    async def delete_app(self, ctx: Ctx, control: Control, app_id: UUID) -> Response[None]:
        """Remove an app with its key, its webhook and its panels."""
        await service.remove(control, await queries.one(control, ctx.tenant.id, app_id, lock=True))
        return Response(None, status_code=204)

    @post("/{app_id:uuid}/pause", permission=MANAGE, unpaid=True)
    async def pause_app(self, ctx: Ctx, control: Control, app_id: UUID) -> AppOut:
        """Let an app rest: its key, its webhook and its panels."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        await service.pause(control, app)
        return await _shown(ctx, control, app)

    @post("/{app_id:uuid}/resume", permission=MANAGE)
    async def resume_app(self, ctx: Ctx, control: Control, app_id: UUID) -> AppOut:
        """Let an app do again what a person agreed to."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        await service.resume(control, app)
        return await _shown(ctx, control, app)


async def _shown(ctx: Ctx, control: Control, app: RemoteApp) -> AppOut:
    await control.session.flush()
    [found] = await queries.shown(ctx, control, [app])
    return found
