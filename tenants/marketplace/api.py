"""The API of the marketplace: what there is, what is on, and the switches."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request
from litestar.response import Stream

from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.routing import get, patch, post
from tenants.marketplace import service, settings, uploads, views
from tenants.marketplace.queries import module_of, offered, rows
from tenants.marketplace.schema import (
    EnableIn,
    PluginDetail,
    PluginList,
    PluginOut,
    SettingsIn,
    SettingsOut,
)

Any_ = Request[Any, Any, Any]
VIEW, MANAGE = "plugins.view", "plugins.manage"


class PluginApi(Controller):
    """The modules of the workspace."""

    path = "/plugins"
    tags = ("Modules",)

    @get("/", permission=VIEW)
    async def plugins(self, ctx: Ctx, control: Control) -> PluginList:
        """List the modules that the workspace may switch, and their states."""
        found = await rows(control, ctx.tenant.id)
        modules = offered(ctx.machinery.registry)
        return PluginList([views.shown(ctx, module, found.get(module.key)) for module in modules])

    @get("/{plugin:str}", permission=VIEW)
    async def plugin(self, ctx: Ctx, control: Control, plugin: str) -> PluginDetail:
        """Tell about a module: what it is, its state, what it asks for and reaches."""
        return await _detail(ctx, control, plugin)

    @post("/{plugin:str}/enable", permission=MANAGE)
    async def enable_plugin(self, ctx: Ctx, control: Control, plugin: str, data: EnableIn) -> PluginOut:
        """Switch a module on, and those that it needs; it works when its state is ``enabled``."""
        row = (await rows(control, ctx.tenant.id)).get(plugin)
        archive = row.archive if row is not None and data.restore else ""
        await service.enable(control, ctx.tenant, plugin, archive=archive)
        return (await _detail(ctx, control, plugin)).plugin

    @post("/{plugin:str}/disable", permission=MANAGE, unpaid=True)
    async def disable_plugin(self, ctx: Ctx, control: Control, plugin: str) -> PluginOut:
        """Switch a module off at once; its data stay."""
        await service.disable(control, ctx.tenant, plugin)
        return (await _detail(ctx, control, plugin)).plugin

    @post("/{plugin:str}/uninstall", permission=MANAGE, unpaid=True)
    async def uninstall_plugin(self, ctx: Ctx, control: Control, plugin: str) -> PluginOut:
        """Export a module's data and remove them."""
        await service.uninstall(control, ctx.tenant, plugin)
        return (await _detail(ctx, control, plugin)).plugin

    @get("/{plugin:str}/archive", permission=MANAGE, opt={"raw": True})
    async def archive(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Stream:
        """Send what a removed module left, as a ZIP file."""
        return await uploads.download(ctx, control, request, plugin)

    @post(
        "/{plugin:str}/archive",
        permission=MANAGE,
        opt={"upload": True},
        request_max_body_size=uploads.BODY_BYTES,
    )
    async def bring_back(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> PluginOut:
        """Switch a module on with an archive that it left, field ``file`` of a multipart form; at most 1 GB.

        It must have been written for this workspace and module, and the module must not hold data.
        """
        await uploads.bring_back(ctx, control, request, plugin)
        return (await _detail(ctx, control, plugin)).plugin

    @get("/{plugin:str}/settings", permission=MANAGE)
    async def settings(self, ctx: Ctx, control: Control, plugin: str) -> SettingsOut:
        """Tell what a module is set to; of its secrets, which are set."""
        row = (await rows(control, ctx.tenant.id)).get(plugin)
        struct = settings.required(settings.struct_of(ctx.machinery.registry, row))
        return settings.told(ctx, struct, service.there(row))

    @patch("/{plugin:str}/settings", permission=MANAGE)
    async def configure_plugin(
        self, ctx: Ctx, control: Control, plugin: str, data: SettingsIn
    ) -> SettingsOut:
        """Change some of a module's settings."""
        row = service.there((await rows(control, ctx.tenant.id)).get(plugin))
        struct = settings.required(settings.struct_of(ctx.machinery.registry, row))
        value = settings.merged(ctx, struct, row, data.values)
        await service.configure(control, ctx.tenant, plugin, value)
        return settings.told_of(value, row)


async def _detail(ctx: Ctx, control: Control, plugin: str) -> PluginDetail:
    registry = ctx.machinery.registry
    module = module_of(registry, plugin, whole=False)
    row = (await rows(control, ctx.tenant.id)).get(plugin)
    return PluginDetail(
        plugin=views.shown(ctx, module, row),
        touches=views.touches(registry, module),
        uses=await views.uses_of(control, ctx.tenant.id, module),
        faults=await views.faults_of(ctx, control, module),
        archive=bool(row is not None and row.archive),
    )
