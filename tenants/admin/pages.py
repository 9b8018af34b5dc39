"""The settings page with its cards, and one's own profile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.access import queries
from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberPatch
from core.ext.specs import Nav
from core.kernel.errors import AppError, BadRequest, Invalid
from core.kernel.i18n import LOCALES, N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values, read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.request import SIGNED_IN, principal_of
from core.web.routing import LIVE_ONLY, get, post
from tenants.accounts import service as accounts
from tenants.accounts.models import Account
from tenants.accounts.schema import PasswordIn
from tenants.admin import forms
from tenants.admin.back import came_from
from tenants.admin.browsers import browser_of

Any_ = Request[Any, Any, Any]
PROFILE = "admin/profile.html"
SECTIONS = (
    ("personal", N_("You")),
    ("workspace", N_("Workspace")),
    ("sales", N_("Sales")),
    ("data", N_("Data")),
    ("developers", N_("Developers")),
)
YEAR_S = 31_536_000


class SettingsPages(Controller):
    """The settings of a workspace."""

    path = "/settings"
    include_in_schema = False

    @get("/", permission=SIGNED_IN)
    async def index(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show a card for each settings page that the reader may use."""
        cards = [nav for nav in ctx.machinery.registry.serve(Nav, ctx) if nav.group == "settings"]
        sections = [(title, [card for card in cards if card.section == key]) for key, title in SECTIONS]
        shown = [(title, below) for title, below in sections if below]
        return render(ctx, request, "admin/index.html", sections=shown)

    @get("/profile", permission=SIGNED_IN, opt=LIVE_ONLY)
    async def profile(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Show one's own data, password and sessions."""
        return render(ctx, request, PROFILE, **await _profile(ctx, control, request))

    @post("/profile", permission=SIGNED_IN, unpaid=True, opt=LIVE_ONLY)
    async def save_profile(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Change one's own data."""
        member = await _self(ctx)
        try:
            patch = await read_form(request, MemberPatch, region=ctx.tenant.country)
            await people.update_member(ctx, member, patch)
        except AppError as error:
            page = await _profile(ctx, control, request)
            page |= {"values": await form_values(request)}
            return form_again(ctx, request, PROFILE, error, **page)
        locale = member.locale or ctx.tenant.locale
        await _speak(ctx, control, member, locale)
        response = toast(redirect(request, ctx.w("/settings/profile")), ctx.t(N_("Your profile is saved.")))
        response.set_cookie("gx_locale", locale, max_age=YEAR_S, samesite="lax")
        return response

    @post("/language", permission=SIGNED_IN, unpaid=True)
    async def choose_language(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Change one's own language, and come back to the page that the button is on."""
        locale = str((await request.form()).get("locale", ""))
        if locale not in LOCALES:
            raise BadRequest
        member = await _self(ctx)
        await people.update_member(ctx, member, MemberPatch(locale=locale))
        await _speak(ctx, control, member, locale)
        response = redirect(request, came_from(request, ctx.w("/")))
        response.set_cookie("gx_locale", locale, max_age=YEAR_S, samesite="lax")
        return response

    @post("/password", permission=SIGNED_IN, unpaid=True, opt=LIVE_ONLY)
    async def change_password(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Change one's own password; all other sessions end."""
        account_id, session_id = _signed_in(request)
        try:
            data = await read_form(request, PasswordIn)
            await accounts.change_password(control, account_id, data, session_id=session_id)
        except Invalid as error:
            control.roll_back()
            page = await _profile(ctx, control, request)
            return form_again(ctx, request, PROFILE, error, **{**page, "wrong": "password"})
        said = ctx.t(N_("Your password is changed, and all other sessions are signed out."))
        return toast(redirect(request, ctx.w("/settings/profile")), said)

    @post("/sessions/end", permission=SIGNED_IN, unpaid=True, opt=LIVE_ONLY)
    async def end_sessions(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Sign out everywhere else."""
        account_id, session_id = _signed_in(request)
        await accounts.log_out_others(control, account_id, but=session_id)
        said = ctx.t(N_("All other sessions are signed out."))
        return toast(redirect(request, ctx.w("/settings/profile")), said)

    @post("/sessions/{other_id:uuid}/end", permission=SIGNED_IN, unpaid=True, opt=LIVE_ONLY)
    async def end_session(self, ctx: Ctx, control: Control, request: Any_, other_id: UUID) -> Response[Any]:
        """Sign out somewhere else."""
        account_id, _ = _signed_in(request)
        await accounts.revoke(control, account_id, other_id)
        said = ctx.t(N_("That session is signed out."))
        return toast(redirect(request, ctx.w("/settings/profile")), said)


async def _profile(ctx: Ctx, control: Control, request: Any_) -> dict[str, Any]:
    account_id, session_id = _signed_in(request)
    fields = forms.own()
    member = await _self(ctx)
    return {
        "fields": fields,
        "values": forms.values(member, fields),
        "email": member.email,
        "password_fields": forms.password(),
        "sessions": await accounts.sessions_of(control, account_id),
        "session_id": session_id,
        "browser_of": browser_of,
        "wrong": "profile",
    }


def _signed_in(request: Any_) -> tuple[Any, Any]:
    principal = principal_of(request)
    if principal is None or principal.account_id is None:
        raise BadRequest
    return principal.account_id, principal.session_id


async def _self(ctx: Ctx) -> Member:
    member: Member = await queries.one(ctx.session, Member, ctx.actor.member_id)  # type: ignore[arg-type]
    return member


async def _speak(ctx: Ctx, control: Control, member: Member, locale: str) -> None:
    """Let this answer, and but for a sandbox the pages outside of the workspace, speak the language as well."""
    ctx.locale = locale
    if ctx.tenant.sandbox_of is not None:
        return
    account = await control.session.get(Account, member.account_id) if member.account_id else None
    if account is not None:
        account.locale = locale
