"""The members of a workspace: list, new, one, active or not, a way in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.access import queries
from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberIn, MemberPatch
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.members.options import role_options, unit_options
from core.records.etag import check_version
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.request import runtime_of
from core.web.routing import LIVE_ONLY, get, post
from tenants.admin import forms, service
from tenants.invitations.links import limited

Any_ = Request[Any, Any, Any]
VIEW, MANAGE = "members.view", people.MANAGE
FORM = "admin/member_form.html"


class MemberPages(Controller):
    """The people of the workspace."""

    path = "/settings/members"
    include_in_schema = False

    @get("/", permission=VIEW)
    async def members(self, ctx: Ctx, request: Any_, inactive: bool = False) -> Response[Any]:
        """List members by name."""
        found = await queries.people(ctx.session, inactive=inactive)
        roles = dict(role_options(ctx, await queries.custom_roles(ctx.session)))
        units = dict(unit_options(await queries.units(ctx.session)))
        return render(
            ctx, request, "admin/members.html", members=found, roles=roles, units=units, inactive=inactive
        )

    @get("/new", permission=MANAGE, opt=LIVE_ONLY)
    async def new_member(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show the form of a new member."""
        roles, units = await _choices(ctx)
        fields = forms.hiring(roles, units)
        return render(ctx, request, FORM, fields=fields, values={"role": "member"}, errors=(), member=None)

    @post("/new", permission=MANAGE, opt=LIVE_ONLY)
    async def add_member(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Add a member and invite him; the link to hand over is shown this once."""
        sent = await form_values(request)
        roles, units = await _choices(ctx)
        try:
            data = convert(MemberIn, sent, text=True, region=ctx.tenant.country)
            await limited(ctx, control, request)
            member, token = await service.hire(ctx, control, data)
        except AppError as error:
            control.roll_back()
            fields = forms.hiring(roles, units)
            return form_again(ctx, request, FORM, error, fields=fields, values=sent, member=None)
        return _let_in(ctx, request, member, token)

    @get("/{member_id:uuid}", permission=VIEW)
    async def member(self, ctx: Ctx, request: Any_, member_id: UUID) -> Response[Any]:
        """Show a member to those who may change him."""
        await ctx.require(MANAGE)
        member = await queries.one(ctx.session, Member, member_id)
        fields = forms.changing(*await _choices(ctx))
        values = forms.values(member, fields)
        return render(ctx, request, FORM, fields=fields, values=values, errors=(), member=member)

    @post("/{member_id:uuid}", permission=MANAGE)
    async def change_member(self, ctx: Ctx, request: Any_, member_id: UUID) -> Response[Any]:
        """Change a member."""
        member = await queries.one(ctx.session, Member, member_id)
        sent = await form_values(request)
        fields = forms.changing(*await _choices(ctx))
        try:
            check_version(str(sent.pop("version", "")), member)
            patch = convert(MemberPatch, sent, text=True, region=ctx.tenant.country)
            await people.update_member(ctx, member, patch)
        except AppError as error:
            return form_again(ctx, request, FORM, error, fields=fields, values=sent, member=member)
        said = ctx.t(N_("{member} is saved."), member=member.name)
        return toast(redirect(request, ctx.w("/settings/members")), said)

    @post("/{member_id:uuid}/return", permission=MANAGE)
    async def activate(self, ctx: Ctx, request: Any_, member_id: UUID) -> Response[Any]:
        """Open the workspace to a member again."""
        return await set_active(ctx, request, member_id, True)

    @post("/{member_id:uuid}/login", permission=MANAGE, unpaid=True, opt=LIVE_ONLY)
    async def let_in(self, ctx: Ctx, control: Control, request: Any_, member_id: UUID) -> Response[Any]:
        """Make another link for who has not come yet, shown this once, or send a mail for a new password."""
        member = await queries.one(ctx.session, Member, member_id)
        await limited(ctx, control, request)
        return _let_in(ctx, request, member, await service.let_in(ctx, control, member))


async def _choices(ctx: Ctx) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    roles = role_options(ctx, await queries.custom_roles(ctx.session))
    return roles, unit_options(await queries.units(ctx.session))


def _let_in(ctx: Ctx, request: Any_, member: Member, token: str | None) -> Response[Any]:
    public_url = runtime_of(request).settings.public_url
    return render(
        ctx,
        request,
        "admin/member_login.html",
        member=member,
        url=f"{public_url}/join/{token}" if token else None,
    )


async def set_active(ctx: Ctx, request: Any_, member_id: UUID, active: bool) -> Response[Any]:
    """Open or close the workspace to a member, with a way back."""
    member = await queries.one(ctx.session, Member, member_id)
    await people.update_member(ctx, member, MemberPatch(active=active))
    done = N_("{member} is active again.") if active else N_("{member} is deactivated.")
    back = f"/settings/members/{member_id}/{'leave' if active else 'return'}"
    response = redirect(request, ctx.w("/settings/members"))
    return toast(response, ctx.t(done, member=member.name), undo_url=ctx.w(back))
