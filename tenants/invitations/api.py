"""JSON handlers of invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.access.service import MANAGE
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.routing import delete, get, post
from tenants.invitations import queries, service, service_domains
from tenants.invitations.links import limited, url_of
from tenants.invitations.models import Invitation
from tenants.invitations.schema import DomainIn, InvitationIn, InvitationOut, Invitations, LinkIn

Any_ = Request[Any, Any, Any]


class InvitationApi(Controller):
    """Who was invited and has not come yet."""

    path = "/invitations"
    tags = ("Members",)

    @get("/", permission=MANAGE)
    async def list_invitations(self, ctx: Ctx, control: Control, request: Any_) -> Invitations:
        """List the open invitations and links, newest first."""
        found = await queries.of_tenant(control, ctx.tenant.id)
        return Invitations([out(ctx, request, one) for one in found])

    @post("/", permission=MANAGE, status_code=201)
    async def invite(self, ctx: Ctx, control: Control, request: Any_, data: InvitationIn) -> InvitationOut:
        """Invite an address by mail."""
        await limited(ctx, control, request)
        return out(ctx, request, await service.invite(ctx, control, data))

    @post("/links", permission=MANAGE, status_code=201)
    async def make_link(self, ctx: Ctx, control: Control, request: Any_, data: LinkIn) -> InvitationOut:
        """Make a link that several people may use."""
        return out(ctx, request, await service.make_link(ctx, control, data))

    @post("/domains", permission=MANAGE, status_code=201)
    async def name_domain(self, ctx: Ctx, control: Control, request: Any_, data: DomainIn) -> InvitationOut:
        """Name a domain whose people may join by themselves once it is proved."""
        return out(ctx, request, await service_domains.name_domain(ctx, control, data))

    @post("/{invitation_id:uuid}/check", permission=MANAGE, status_code=202)
    async def check_domain(
        self, ctx: Ctx, control: Control, request: Any_, invitation_id: UUID
    ) -> InvitationOut:
        """Have the TXT record of a domain looked up."""
        found = await queries.one(control, ctx.tenant.id, invitation_id)
        service_domains.ask_check(control, found)
        return out(ctx, request, found)

    @post("/{invitation_id:uuid}/send", permission=MANAGE)
    async def send_again(
        self, ctx: Ctx, control: Control, request: Any_, invitation_id: UUID
    ) -> InvitationOut:
        """Send the mail once more, with another link."""
        found = await queries.one(control, ctx.tenant.id, invitation_id)
        await limited(ctx, control, request)
        return out(ctx, request, await service.send_again(ctx, control, found))

    @delete("/{invitation_id:uuid}", permission=MANAGE, status_code=204, unpaid=True)
    async def revoke(self, ctx: Ctx, control: Control, invitation_id: UUID) -> Response[None]:
        """End an invitation."""
        await service.revoke(ctx, control, await queries.one(control, ctx.tenant.id, invitation_id))
        return Response(None, status_code=204)


def out(ctx: Ctx, request: Any_, invitation: Invitation) -> InvitationOut:
    """An invitation as programs see it."""
    computed = {"url", "record"}
    named = {n: getattr(invitation, n) for n in InvitationOut.__struct_fields__ if n not in computed}
    record = service_domains.record_of(ctx.tenant, invitation) if invitation.domain else None
    return InvitationOut(**named, url=url_of(ctx, request, invitation), record=record)
