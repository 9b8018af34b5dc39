"""The settings page of invitations: who was invited, by mail, by link."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.access.service import MANAGE
from core.kernel.errors import AppError, FieldError, Invalid
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.members.options import places
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import LIVE_ONLY, get, post
from tenants.invitations import queries, service, service_domains
from tenants.invitations.links import limited, url_of
from tenants.invitations.schema import DomainIn, InvitationIn, LinkIn

Any_ = Request[Any, Any, Any]
PAGE = "invitations/index.html"
MOST = 20
SEPARATORS = re.compile(r"[\s,;，；、]+")


class InvitationPages(Controller):
    """Invitations to the workspace."""

    path = "/settings/invitations"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/", permission=MANAGE)
    async def index(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """List the open invitations, with the forms of new ones."""
        return render(
            ctx, request, PAGE, errors=(), values={"role": "member"}, **await _page(ctx, control, request)
        )

    @post("/", permission=MANAGE)
    async def invite(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Invite one address or several by mail: all of them, or none where one is wrong."""
        sent = await form_values(request)
        try:
            wanted = _several(sent)
            for data in wanted:
                await limited(ctx, control, request)
                await service.invite(ctx, control, data)
        except AppError as error:
            return await _again(ctx, control, request, error, sent)
        said = ctx.t(N_("{count} invited by mail."), count=len(wanted))
        return toast(redirect(request, ctx.w("/settings/invitations")), said)

    @post("/links", permission=MANAGE)
    async def make_link(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Make a link."""
        sent = await form_values(request)
        try:
            await service.make_link(ctx, control, convert(LinkIn, sent, text=True))
        except AppError as error:
            return await _again(ctx, control, request, error, sent, wrong="link")
        said = ctx.t(N_("The link is ready: copy it and pass it on."))
        return toast(redirect(request, ctx.w("/settings/invitations")), said)

    @post("/domains", permission=MANAGE)
    async def name_domain(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Name a domain whose people may join by themselves."""
        sent = await form_values(request)
        sent["domain"] = str(sent.get("domain", "")).strip().lower().rpartition("@")[2]
        try:
            await service_domains.name_domain(ctx, control, convert(DomainIn, sent, text=True))
        except AppError as error:
            return await _again(ctx, control, request, error, sent, wrong="domain")
        said = ctx.t(N_("Now prove the domain: put the TXT record into its zone."))
        return toast(redirect(request, ctx.w("/settings/invitations")), said)

    @post("/{invitation_id:uuid}/check", permission=MANAGE)
    async def check(self, ctx: Ctx, control: Control, request: Any_, invitation_id: UUID) -> Response[Any]:
        """Have a domain's TXT record looked up."""
        service_domains.ask_check(control, await queries.one(control, ctx.tenant.id, invitation_id))
        said = ctx.t(N_("The record is being looked up. Reload the page in some seconds."))
        return toast(redirect(request, ctx.w("/settings/invitations")), said)

    @post("/{invitation_id:uuid}/send", permission=MANAGE)
    async def send_again(
        self, ctx: Ctx, control: Control, request: Any_, invitation_id: UUID
    ) -> Response[Any]:
        """Send the mail once more."""
        found = await queries.one(control, ctx.tenant.id, invitation_id)
        await limited(ctx, control, request)
        await service.send_again(ctx, control, found)
        said = ctx.t(N_("Sent again to {email}."), email=found.email)
        return toast(redirect(request, ctx.w("/settings/invitations")), said)

    @post("/{invitation_id:uuid}/revoke", permission=MANAGE, unpaid=True)
    async def revoke(self, ctx: Ctx, control: Control, request: Any_, invitation_id: UUID) -> Response[Any]:
        """End an invitation."""
        await service.revoke(ctx, control, await queries.one(control, ctx.tenant.id, invitation_id))
        said = ctx.t(N_("The invitation is revoked."))
        return toast(redirect(request, ctx.w("/settings/invitations")), said)


async def _page(ctx: Ctx, control: Control, request: Any_) -> dict[str, Any]:
    found = await queries.of_tenant(control, ctx.tenant.id)
    roles, units = await places(ctx)
    if ctx.actor.role != "owner":
        roles = [option for option in roles if option[0] != "owner"]
    return {
        "mails": [one for one in found if one.email is not None],
        "links": [(one, url) for one in found if (url := url_of(ctx, request, one)) is not None],
        "domains": [(one, service_domains.record_of(ctx.tenant, one)) for one in found if one.domain],
        "roles": roles,
        "units": units,
        "wrong": "mail",
    }


async def _again(
    ctx: Ctx, control: Control, request: Any_, error: AppError, sent: dict[str, Any], wrong: str = "mail"
) -> Response[Any]:
    control.roll_back()
    control.session.expunge_all()
    page = await _page(ctx, control, request)
    return form_again(ctx, request, PAGE, error, **{**page, "values": sent, "wrong": wrong})


def _several(sent: dict[str, Any]) -> list[InvitationIn]:
    """The invitations of a form whose field takes several addresses; all that are wrong are named."""
    shared = {name: sent.get(name, "") for name in ("role", "unit_id")}
    addresses = list(dict.fromkeys(filter(None, SEPARATORS.split(str(sent.get("email", ""))))))
    if len(addresses) > MOST:
        raise Invalid.field("email", "many", N_("At most {most} addresses at once."), most=MOST)
    found, errors = [], []
    for address in addresses or [""]:
        try:
            found.append(convert(InvitationIn, {"email": address, **shared}, text=True))
        except Invalid as error:
            errors += [_named(one, address) for one in error.errors if one not in errors]
    if errors:
        raise Invalid(errors=errors)
    return found


def _named(error: FieldError, address: str) -> FieldError:
    if error.path != "email" or not address:
        return error
    return FieldError(
        "email", error.code, N_("{address} is not an e-mail address."), {"address": address[:200]}
    )
