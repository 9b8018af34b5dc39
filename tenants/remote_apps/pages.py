"""The pages of remote apps: new ones, one with what it may do and did, and what can be decided about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.access.models import Member
from core.kernel.errors import AppError, Conflict
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.request import runtime_of
from core.web.routing import LIVE_ONLY, get, post
from core.webhooks import queries as webhooks
from tenants.api_keys import of_apps
from tenants.remote_apps import asking, entering, queries, service
from tenants.remote_apps.models import RemoteApp
from tenants.remote_apps.schema import OVERLAPS, AppIn, ManifestForm, OverlapForm

Any_ = Request[Any, Any, Any]
VIEW, MANAGE = "remote_apps.view", "remote_apps.manage"
PAGE, FORM, SHOWN = "remote_apps/show.html", "remote_apps/form.html", "remote_apps/shown.html"


class RemoteAppPages(Controller):
    """The remote apps of the workspace."""

    path = "/remote-apps"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/new", permission=MANAGE)
    async def new(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show the form of a new app, and the one for its manifest."""
        return render(ctx, request, FORM, **entering.form(ctx, {}), item=None, errors=())

    @post("/new", permission=MANAGE, opt={"secret": True})
    async def create(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Make an app in one act; its key and its secret are shown this once."""
        sent = await form_values(request)
        try:
            wanted = entering.app_in(ctx, sent)
            await _require(ctx, wanted)
            app = await service.ask(control, ctx.tenant, wanted)
            made = await service.agree(control, ctx.tenant, app, wanted)
        except AppError as error:
            control.roll_back()
            form = entering.form(ctx, entering.again(sent))
            return form_again(ctx, request, FORM, error, **form, item=None)
        return _once(ctx, request, app, made)

    @post("/manifest", permission=MANAGE)
    async def create_by_manifest(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Have a manifest read; its app can do nothing until somebody agrees."""
        try:
            form = await read_form(request, ManifestForm)
            app = await service.ask_by_manifest(control, ctx.tenant, form.manifest_url)
        except AppError as error:
            control.roll_back()
            values = await form_values(request)
            return form_again(ctx, request, FORM, error, **entering.form(ctx, values), item=None)
        return _to(ctx, request, app)

    @get("/{app_id:uuid}", permission=VIEW)
    async def show(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Show an app: what it may do, asks for and did."""
        return render(ctx, request, PAGE, **await _page(ctx, control, app_id), errors=())

    @get("/{app_id:uuid}/state", permission=VIEW)
    async def state(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Say whether the manifest is still being read; at its end, show the page anew."""
        app = await queries.one(control, ctx.tenant.id, app_id)
        if app.reading_since is None:
            return redirect(request, _place(ctx, app))
        return render(ctx, request, "remote_apps/reading.html", item=app)

    @get("/{app_id:uuid}/edit", permission=MANAGE)
    async def edit(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Show the form of an app that has no manifest."""
        app, present = await _by_hand(ctx, control, app_id)
        form = entering.form(ctx, entering.values_of(present))
        former = await queries.former(ctx, control, app.id)
        return render(ctx, request, FORM, **form, item=app, former=former, errors=())

    @post("/{app_id:uuid}/edit", permission=MANAGE, opt={"secret": True})
    async def change(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Let an app do what the form says; whoever saves it agrees to it."""
        app, _ = await _by_hand(ctx, control, app_id)
        former = await queries.former(ctx, control, app.id)
        sent = await form_values(request)
        try:
            wanted = entering.app_in(ctx, sent)
            await _require(ctx, wanted)
            made = await service.agree(control, ctx.tenant, app, wanted)
        except AppError as error:
            control.roll_back()
            form = entering.form(ctx, entering.again(sent))
            return form_again(ctx, request, FORM, error, **form, item=app, former=former)
        return _once(ctx, request, app, made)

    @post("/{app_id:uuid}/agree", permission=MANAGE, opt={"secret": True})
    async def agree(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Agree to what the page showed; to nothing that was asked for since."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        pending, seen = (
            await queries.pending(ctx, control, app),
            (await form_values(request)).get("version", ""),
        )
        asked = asking.read(pending)
        if asked is None or seen != asking.mark(pending):
            said = N_("What the app asks for has changed. Look at it again.")
            return await _refused(ctx, control, request, app_id, Conflict(detail=said))
        try:
            wanted = asking.check(ctx, asked)
            await _require(ctx, wanted)
            made = await service.agree(control, ctx.tenant, app, wanted)
        except AppError as error:
            return await _refused(ctx, control, request, app_id, error)
        return _once(ctx, request, app, made)

    @post("/{app_id:uuid}/decline", permission=MANAGE, unpaid=True)
    async def decline(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Refuse what an app asks for."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        await service.decline(control, app)
        if app.granted is None:
            return redirect(request, ctx.w("/marketplace?category=remote"))
        return _to(ctx, request, app, ctx.t(N_("The app goes on with what it has.")))

    @post("/{app_id:uuid}/key", permission=MANAGE, opt={"secret": True})
    async def new_key(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Make a new key, shown this once."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        try:
            await ctx.require("api_keys.manage")
            await _require(ctx, asking.read(app.granted) or AppIn(name=app.name))
            form = await read_form(request, OverlapForm)
            key = await service.replace_key(control, app, overlap=timedelta(hours=form.hours))
        except AppError as error:
            return await _refused(ctx, control, request, app_id, error)
        return _once(ctx, request, app, service.Shown(key=key))

    @post("/{app_id:uuid}/secret", permission=MANAGE, opt={"secret": True})
    async def new_secret(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Make a new secret, shown this once."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        secret = await service.replace_secret(control, ctx.tenant, app)
        return _once(ctx, request, app, service.Shown(secret=secret))

    @post("/{app_id:uuid}/pause", permission=MANAGE, unpaid=True)
    async def pause(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Let an app rest."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        await service.pause(control, app)
        return _to(ctx, request, app, ctx.t(N_("{app} is paused."), app=app.name))

    @post("/{app_id:uuid}/resume", permission=MANAGE)
    async def resume(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Let an app go on."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        await service.resume(control, app)
        return _to(ctx, request, app, ctx.t(N_("{app} works again."), app=app.name))

    @post("/{app_id:uuid}/remove", permission=MANAGE, unpaid=True)
    async def remove(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Remove an app with its key, its webhook and its panels."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        await service.remove(control, app)
        said = ctx.t(N_("{app} is removed."), app=app.name)
        return toast(redirect(request, ctx.w("/marketplace?category=remote")), said)

    @post("/{app_id:uuid}/read", permission=MANAGE)
    async def read_again(self, ctx: Ctx, control: Control, request: Any_, app_id: UUID) -> Response[Any]:
        """Have the manifest read again."""
        app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
        service.read_again(control, app)
        return _to(ctx, request, app)


async def _require(ctx: Ctx, wanted: AppIn) -> None:
    """Whoever lets an app in must be allowed each of the ways in."""
    if wanted.scopes:
        await ctx.require("api_keys.manage")
    if wanted.webhook_url:
        await ctx.require("webhooks.manage")


async def _by_hand(ctx: Ctx, control: Control, app_id: UUID) -> tuple[RemoteApp, AppIn]:
    app = await queries.one(control, ctx.tenant.id, app_id, lock=True)
    present = asking.read(app.granted or app.asked)
    if app.manifest_url or present is None:
        raise Conflict(detail=N_("What this app asks for stands in its manifest."))
    return app, present


async def _refused(ctx: Ctx, control: Control, request: Any_, app_id: UUID, error: AppError) -> Response[Any]:
    control.roll_back()
    return form_again(ctx, request, PAGE, error, **await _page(ctx, control, app_id))


async def _page(ctx: Ctx, control: Control, app_id: UUID) -> dict[str, Any]:
    app = await queries.one(control, ctx.tenant.id, app_id)
    pending = await queries.pending(ctx, control, app)
    granted, asked = asking.read(app.granted), asking.read(pending)
    endpoint = (await queries.endpoints(ctx, [app.id])).get(app.id)
    return {
        "item": app,
        "app": granted or asked,
        "asked": asked,
        "mark": asking.mark(pending),
        "is_lapsed": asked is not None and app.asked is None,
        "former": await queries.former(ctx, control, app.id),
        "changes": asking.differences(granted, asked),
        "keys": await of_apps.living(control, app.id),
        "used": (await queries.last_used(control, [app.id])).get(app.id),
        "requests": await of_apps.requests(control, app.id),
        "endpoint": endpoint,
        "deliveries": await webhooks.deliveries(ctx, endpoint_id=app.id, limit=20) if endpoint else (),
        "member": await ctx.session.get(Member, app.member_id) if app.member_id else None,
        "overlaps": [(str(hours), ctx.t(title)) for hours, title in OVERLAPS],
    }


def _once(ctx: Ctx, request: Any_, app: RemoteApp, made: service.Shown) -> Response[Any]:
    if not (made.key or made.secret):
        return _to(ctx, request, app, ctx.t(N_("{app} is saved."), app=app.name))
    base_url = runtime_of(request).settings.public_url
    return render(ctx, request, SHOWN, item=app, made=made, base_url=base_url)


def _place(ctx: Ctx, app: RemoteApp) -> str:
    return ctx.w(f"/remote-apps/{app.id}")


def _to(ctx: Ctx, request: Any_, app: RemoteApp, said: str = "") -> Response[Any]:
    response = redirect(request, _place(ctx, app))
    return toast(response, said) if said else response
