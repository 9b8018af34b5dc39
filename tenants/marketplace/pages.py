"""The pages of the marketplace: what there is, one module, its switches and settings."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Controller, Request, Response
from litestar.response import Stream

from core.ext.registry import Module
from core.kernel.errors import AppError, NotFound
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import TenantPlugin
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post
from tenants.marketplace import queries, service, settings, uploads, views
from tenants.marketplace.queries import module_of, needed_by, needs, offered, rows
from tenants.remote_apps import queries as remote_apps
from tenants.remote_apps.asking import told
from tenants.remote_apps.schema import AppOut

Any_ = Request[Any, Any, Any]
VIEW, MANAGE = "plugins.view", "plugins.manage"
PAGE = "marketplace/show.html"
BUSY = frozenset({"enabling", "uninstalling"})
CHUNK = 1 << 18
REMOTE = "remote"
"""The category of what is not installed here; no module's, for theirs are titles."""


class MarketplacePages(Controller):
    """The modules that the workspace may switch."""

    path = "/marketplace"
    include_in_schema = False

    @get("/", permission=VIEW)
    async def catalogue(
        self, ctx: Ctx, control: Control, request: Any_, q: str = "", category: str = "", mine: bool = False
    ) -> Response[Any]:
        """Show the modules, narrowed down by words, by category, or to those that are on."""
        found = await rows(control, ctx.tenant.id)
        cards = [views.shown(ctx, one, found.get(one.key)) for one in offered(ctx.machinery.registry)]
        categories = sorted({card.category for card in cards if card.category})
        asked = q.strip().casefold()
        apps = await _apps(ctx, control) if category in ("", REMOTE) else []
        chosen = [
            card
            for card in cards
            if asked in f"{card.title} {card.summary} {card.category} {card.key}".casefold()
            and category in ("", card.category)
            and (not mine or card.state not in {"installed", "uninstalled"})
        ]
        manifests = {one.key: one.manifest for one in offered(ctx.machinery.registry)}
        return render(
            ctx,
            request,
            "marketplace/index.html",
            cards=sorted(chosen, key=lambda card: (card.state != "broken", card.title)),
            manifests=manifests,
            prices={key: views.price_text(ctx, one.price, 0) for key, one in manifests.items()},
            states=views.STATES,
            categories=categories,
            apps=[app for app in apps if asked in f"{app.name} {told(app).summary}".casefold()],
            told=told,
            asked={"q": q, "category": category, "mine": mine},
        )

    @get("/{plugin:str}", permission=VIEW)
    async def show(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Response[Any]:
        """Show one module: what it is, costs, asks for and reaches."""
        return render(ctx, request, PAGE, **await _page(ctx, control, plugin))

    @get("/{plugin:str}/state", permission=VIEW)
    async def state(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Response[Any]:
        """Say how far the work is; at its end, show the page anew."""
        page = await _page(ctx, control, plugin)
        if page["state"] not in BUSY:
            return redirect(request, ctx.w(f"/marketplace/{plugin}"))
        return render(ctx, request, "marketplace/state.html", **page)

    @post("/{plugin:str}/enable", permission=MANAGE)
    async def enable(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Response[Any]:
        """Switch a module on, and those that it needs."""
        row = (await rows(control, ctx.tenant.id)).get(plugin)
        is_back = (await form_values(request)).get("restore") == "true"
        archive = row.archive if row is not None and is_back else ""
        return await _switched(
            ctx, control, request, plugin, service.enable(control, ctx.tenant, plugin, archive=archive)
        )

    @post("/{plugin:str}/disable", permission=MANAGE, unpaid=True)
    async def disable(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Response[Any]:
        """Switch a module off at once."""
        return await _switched(ctx, control, request, plugin, service.disable(control, ctx.tenant, plugin))

    @post("/{plugin:str}/uninstall", permission=MANAGE, unpaid=True)
    async def uninstall(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Response[Any]:
        """Export a module's data and remove them."""
        return await _switched(ctx, control, request, plugin, service.uninstall(control, ctx.tenant, plugin))

    @get("/{plugin:str}/settings", permission=MANAGE)
    async def settings_form(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Response[Any]:
        """Show the form of a module's settings."""
        return render(ctx, request, "marketplace/settings.html", **await _form(ctx, control, plugin))

    @post("/{plugin:str}/settings", permission=MANAGE)
    async def configure(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Response[Any]:
        """Keep a module's settings."""
        page = await _form(ctx, control, plugin)
        try:
            value = await read_form(request, page["struct"], region=ctx.tenant.country)
            await service.configure(control, ctx.tenant, plugin, value)
        except AppError as error:
            control.roll_back()
            sent = {"values": await form_values(request)}
            return form_again(ctx, request, "marketplace/settings.html", error, **{**page, **sent})
        here = ctx.w(f"/marketplace/{plugin}/settings")
        return toast(redirect(request, here), ctx.t(N_("The settings are saved.")))

    @post("/{plugin:str}/secrets/{name:str}/forget", permission=MANAGE)
    async def forget(
        self, ctx: Ctx, control: Control, request: Any_, plugin: str, name: str
    ) -> Response[Any]:
        """Remove a secret."""
        await service.forget_secret(control, ctx.tenant, plugin, name)
        here = ctx.w(f"/marketplace/{plugin}/settings")
        return toast(redirect(request, here), ctx.t(N_("The secret is removed.")))

    @get("/{plugin:str}/archive", permission=MANAGE, opt={"raw": True})
    async def archive(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Stream:
        """Hand out what a removed module left."""
        return await uploads.download(ctx, control, request, plugin)

    @post(
        "/{plugin:str}/archive",
        permission=MANAGE,
        opt={"upload": True},
        request_max_body_size=uploads.BODY_BYTES,
    )
    async def bring_back(self, ctx: Ctx, control: Control, request: Any_, plugin: str) -> Response[Any]:
        """Switch a module on with an archive that somebody kept."""
        return await _switched(
            ctx, control, request, plugin, uploads.bring_back(ctx, control, request, plugin)
        )

    @get("/{plugin:str}/pictures/{name:str}", permission=VIEW)
    async def picture(self, ctx: Ctx, plugin: str, name: str) -> Response[bytes]:
        """Show a screenshot that a module brings."""
        module = module_of(ctx.machinery.registry, plugin, whole=False)
        path = views.translated(module, name, ctx.locale)
        if path is None or name not in module.manifest.screenshots or path.suffix not in {".png", ".webp"}:
            raise NotFound
        return Response(await asyncio.to_thread(path.read_bytes), media_type=f"image/{path.suffix[1:]}")


async def _apps(ctx: Ctx, control: Control) -> list[AppOut]:
    """The remote apps of the workspace, for those who may know of them."""
    if not ctx.can("remote_apps.view"):
        return []
    return await remote_apps.shown(ctx, control, await remote_apps.apps(control, ctx.tenant.id))


async def _switched(ctx: Ctx, control: Control, request: Any_, plugin: str, verb: Any) -> Response[Any]:
    """Carry out a switch and come back to the page, which says how far it is, or why it cannot be."""
    try:
        await verb
    except NotFound:
        raise
    except AppError as error:
        control.roll_back()
        page = await _page(ctx, control, plugin)
        return render(ctx, request, PAGE, status=error.status, **{**page, "error": error})
    return redirect(request, ctx.w(f"/marketplace/{plugin}"))


async def _page(ctx: Ctx, control: Control, plugin: str) -> dict[str, Any]:
    registry = ctx.machinery.registry
    module = module_of(registry, plugin, whole=False)
    found = await rows(control, ctx.tenant.id)
    row = found.get(plugin)
    states = {key: one.state for key, one in found.items()}
    return {
        "module": module,
        "manifest": module.manifest,
        "state": views.state_of(module, row),
        "states": views.STATES,
        "row": row,
        "price": views.price_text(ctx, module.manifest.price, module.manifest.trial_days),
        "touches": views.touches(registry, module),
        "conditions": views.conditions(ctx, module),
        "uses": await views.uses_of(control, ctx.tenant.id, module),
        "faults": await views.faults_of(ctx, control, module),
        "who": views.WHO,
        "paused": await queries.paused(ctx, plugin),
        "document": views.page_of(module, ctx.locale),
        "brings": _titles(ctx, [key for key in needs(registry, plugin)[:-1] if states.get(key) != "enabled"]),
        "users": [ctx.t(one.manifest.title) for one in needed_by(registry, plugin, states)],
        "has_settings": settings.struct_of(registry, row) is not None,
        "pictures": [name for name in module.manifest.screenshots if views.document(module, name)],
        "most_gb": uploads.MOST_GB,
        "error": None,
    }


async def _form(ctx: Ctx, control: Control, plugin: str) -> dict[str, Any]:
    module: Module = module_of(ctx.machinery.registry, plugin)
    row: TenantPlugin = service.there((await rows(control, ctx.tenant.id)).get(plugin))
    struct = settings.required(settings.struct_of(ctx.machinery.registry, row))
    return {
        "manifest": module.manifest,
        "struct": struct,
        "fields": settings.form(struct, row),
        "values": settings.values(ctx, struct, row),
        "secrets": sorted(row.secrets),
    }


def _titles(ctx: Ctx, keys: list[str]) -> list[str]:
    return [ctx.t(ctx.machinery.registry.modules[key].manifest.title) for key in keys]
