"""The settings pages of a workspace as a whole: company, danger zone."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response
from sqlalchemy import select

from core.access.models import Member
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.provisioning import GRACE
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.request import runtime_of
from core.web.routing import LIVE_ONLY, get, post
from tenants.workspace import forms, queries, service
from tenants.workspace.schema import AddressIn, CloseIn, CompanyPatch, TransferIn

Any_ = Request[Any, Any, Any]
COMPANY, DANGER = "workspace/company.html", "workspace/danger.html"
MANAGE, CLOSE = "workspace.manage", "workspace.close"


class CompanyPages(Controller):
    """What the workspace is called, and where it stands."""

    path = "/settings/company"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/", permission=MANAGE)
    async def company(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show the profile and the address."""
        return render(ctx, request, COMPANY, **await _company(ctx, request), errors=(), wrong="")

    @post("/", permission=MANAGE)
    async def change(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Change the profile."""
        sent = await form_values(request)
        try:
            await service.change(ctx, control, convert(CompanyPatch, sent, text=True))
        except AppError as error:
            control.roll_back()
            shown = {**await _company(ctx, request), "values": sent, "wrong": "company"}
            return form_again(ctx, request, COMPANY, error, **shown)
        return toast(redirect(request, ctx.w("/settings/company")), ctx.t(N_("The profile is saved.")))

    @post("/address", permission=MANAGE)
    async def move(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Take another address; the former one leads there, also now, when not everybody knows."""
        sent = await form_values(request)
        try:
            data = convert(AddressIn, sent, text=True)
            await service.move(control, ctx.tenant.id, data.slug)
        except AppError as error:
            control.roll_back()
            shown = {**await _company(ctx, request), "slug": sent.get("slug", ""), "wrong": "address"}
            return form_again(ctx, request, COMPANY, error, **shown)
        said = ctx.t(N_("The workspace has a new address. The old one leads to it for 90 days."))
        return toast(redirect(request, ctx.w("/settings/company")), said)


class DangerPages(Controller):
    """What cannot be undone with a click."""

    path = "/settings/danger"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/", permission=CLOSE)
    async def danger(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show how to hand the workspace over and how to close it."""
        return render(ctx, request, DANGER, **await _danger(ctx), errors=(), wrong="")

    @post("/transfer", permission=CLOSE)
    async def transfer(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Hand the workspace over to another member."""
        shown = await _danger(ctx)
        try:
            data = await read_form(request, TransferIn)
            heir = await service.transfer(ctx, control, data.member_id)
        except AppError as error:
            control.roll_back()
            return form_again(ctx, request, DANGER, error, **shown, wrong="transfer")
        said = ctx.t(N_("{member} owns the workspace now."), member=heir.name)
        return toast(redirect(request, ctx.w("/settings")), said)

    @post("/close", permission=CLOSE, unpaid=True)
    async def close(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Close the workspace."""
        shown = await _danger(ctx)
        try:
            data = await read_form(request, CloseIn)
            await service.close(ctx, control, data.name)
        except AppError as error:
            control.roll_back()
            return form_again(ctx, request, DANGER, error, **shown, wrong="close")
        return redirect(request, f"/closed/{ctx.tenant.id}")


async def _company(ctx: Ctx, request: Any_) -> dict[str, Any]:
    fields = forms.company(ctx, is_currency_fixed=await queries.has_deals(ctx))
    values = {field["name"]: getattr(ctx.tenant, field["name"]) for field in fields}
    base = f"{runtime_of(request).settings.public_url}/w/"
    return {"fields": fields, "values": values, "slug": ctx.tenant.slug, "base": base}


async def _danger(ctx: Ctx) -> dict[str, Any]:
    others = select(Member.id, Member.name).where(
        Member.active, Member.account_id.is_not(None), Member.id != ctx.actor.member_id
    )
    found = await ctx.session.execute(others.order_by(Member.name).limit(500))
    return {"people": [(str(key), name) for key, name in found], "days": GRACE.days}
