"""The verbs of invitations: invite by mail, make a link, send again, revoke."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update

from core.access import roles
from core.access import service as people
from core.access.models import Member
from core.kernel.errors import Conflict
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import Tenant
from tenants.invitations.events import InvitationCreated, InvitationRevoked, InvitationSent
from tenants.invitations.models import Invitation
from tenants.invitations.notices import tell
from tenants.invitations.queries import digest
from tenants.invitations.schema import SEND, DomainIn, InvitationIn, LinkIn, SendParams

MAIL_AGE: Final = timedelta(days=7)
PROOF_AGE: Final = timedelta(days=2)
"""How long the mail works that somebody with a link has sent to himself."""


async def invite(ctx: Ctx, control: Control, data: InvitationIn, *, by_hand: str = "") -> Invitation:
    """Invite an address by mail; one that is invited already gets the new role and another mail.

    ``by_hand`` is the token of a second link, for whoever invites to hand over. Whether the address has an account is
    neither asked nor said. Raises ``Conflict`` for an active member. Emits invitation.created.
    """
    await check_place(ctx, data)
    statement = select(Member.id).where(
        Member.email == data.email, Member.active, Member.account_id.is_not(None)
    )
    if await ctx.session.scalar(statement):
        raise Conflict(code="member.exists", detail=N_("Somebody with this address is a member already."))
    found: Invitation | None = await control.session.scalar(
        select(Invitation)
        .where(
            Invitation.tenant_id == ctx.tenant.id,
            Invitation.email == data.email,
            Invitation.parent_id.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.uses == 0,
        )
        .with_for_update()
    )
    if found is not None:
        found.role, found.unit_id = data.role, data.unit_id
        return await send_again(ctx, control, found, by_hand=by_hand)
    made = new(control, ctx.tenant, email=data.email, role=data.role, unit_id=data.unit_id, age=MAIL_AGE)
    made.invited_by_id, made.invited_by, made.locale = ctx.actor.member_id, ctx.actor.name, ctx.locale
    made.hand_hash = digest(by_hand) if by_hand else None
    await add(control, made)
    _send(control, made)
    return made


async def hand_over(ctx: Ctx, control: Control, member: Member) -> str:
    """Invite a member who has no login yet by mail, and give the token of a link to hand over, this once.

    The former links end. Says and does the same whoever has the address.
    """
    data = InvitationIn(email=member.email, role=member.role, unit_id=member.unit_id)
    token = secrets.token_urlsafe(24)
    await invite(ctx, control, data, by_hand=token)
    return token


async def make_link(ctx: Ctx, control: Control, data: LinkIn) -> Invitation:
    """Make a link for so many people and days; emits invitation.created."""
    await check_place(ctx, data)
    made = new(
        control, ctx.tenant, email=None, role=data.role, unit_id=data.unit_id, age=timedelta(days=data.days)
    )
    made.invited_by_id, made.invited_by, made.locale = ctx.actor.member_id, ctx.actor.name, ctx.locale
    made.max_uses = data.max_uses
    await add(control, made)
    return made


async def send_again(ctx: Ctx, control: Control, invitation: Invitation, *, by_hand: str = "") -> Invitation:
    """Send the mail once more with another link; the former ones end. Emits invitation.sent."""
    await ctx.require(people.MANAGE)
    people.only_owners_change(ctx, invitation.role)
    await roles.not_above(ctx, invitation.role)
    if invitation.email is None:
        raise Conflict(code="invitation.link", detail=N_("A link is not sent: pass it on."))
    _renew(control, ctx.tenant, invitation, MAIL_AGE)
    invitation.hand_hash = digest(by_hand) if by_hand else None
    await control.session.flush()
    label = invitation.email
    control.emit(InvitationSent(subject_id=invitation.id, label=label), tenant_id=invitation.tenant_id)
    _send(control, invitation)
    return invitation


async def revoke(ctx: Ctx, control: Control, invitation: Invitation) -> None:
    """End an invitation, and those that came of its link; emits invitation.revoked."""
    await ctx.require(people.MANAGE)
    invitation.revoked_at = control.now()
    label = invitation.email or invitation.domain or ""
    control.emit(InvitationRevoked(subject_id=invitation.id, label=label), tenant_id=invitation.tenant_id)
    if invitation.missing_since is not None:
        await tell(control, invitation.tenant_id)


async def revoke_of(control: Control, tenant_id: UUID, member_id: UUID, *, email: str = "") -> None:
    """End what somebody who left has made, and what would let his address in; harmless to repeat."""
    await _revoke(control, tenant_id, or_(Invitation.invited_by_id == member_id, Invitation.email == email))


async def revoke_to(control: Control, tenant_id: UUID, email: str) -> None:
    """End what would let an address in; harmless to repeat."""
    await _revoke(control, tenant_id, Invitation.email == email)


async def _revoke(control: Control, tenant_id: UUID, which: ColumnElement[bool]) -> None:
    ended = update(Invitation).where(
        Invitation.tenant_id == tenant_id, which, Invitation.revoked_at.is_(None)
    )
    await control.session.execute(ended.values(revoked_at=control.now()))
    await tell(control, tenant_id)


async def prove(control: Control, tenant: Tenant, link: Invitation, email: str, *, locale: str) -> None:
    """Send somebody who has a link a mail that proves the address; says and does the same for every address."""
    below: Invitation | None = await control.session.scalar(
        select(Invitation).where(Invitation.parent_id == link.id, Invitation.email == email).with_for_update()
    )
    if below is None:
        below = new(control, tenant, email=email, role=link.role, unit_id=link.unit_id, age=PROOF_AGE)
        below.parent_id, below.locale = link.id, locale
        below.invited_by_id, below.invited_by = link.invited_by_id, link.invited_by
        control.session.add(below)
    else:
        _renew(control, tenant, below, PROOF_AGE)
    await control.session.flush()
    _send(control, below)


def token_of(cipher: Any, invitation: Invitation) -> str:
    """The token of an invitation's link."""
    opened: str = cipher.decrypt(invitation.token_sealed, _place(invitation))
    return opened


async def check_place(ctx: Ctx, data: InvitationIn | LinkIn | DomainIn) -> None:
    """Raise unless the actor may invite to this role and department."""
    await ctx.require(people.MANAGE)
    people.only_owners_change(ctx, data.role)
    await people.check_place(ctx, role=data.role, unit_id=data.unit_id)
    await roles.not_above(ctx, data.role)


def new(
    control: Control, tenant: Tenant, *, email: str | None, role: str, unit_id: UUID | None, age: timedelta
) -> Invitation:
    """Make an invitation with a token of its own; not written yet."""
    made = Invitation(
        id=uuid7(), tenant_id=tenant.id, email=email, role=role, unit_id=unit_id, max_uses=1, uses=0
    )
    _renew(control, tenant, made, age)
    return made


def _renew(control: Control, tenant: Tenant, invitation: Invitation, age: timedelta) -> None:
    token = secrets.token_urlsafe(24)
    invitation.token_hash = digest(token)
    invitation.token_sealed = control.machinery.cipher(tenant).encrypt(token, _place(invitation))
    invitation.expires_at = control.now() + age


async def add(control: Control, made: Invitation) -> None:
    """Write an invitation; emits invitation.created."""
    control.session.add(made)
    await control.session.flush()
    told = InvitationCreated(subject_id=made.id, label=made.email or made.domain or "", role=made.role)
    control.emit(told, tenant_id=made.tenant_id)


def _send(control: Control, invitation: Invitation) -> None:
    control.enqueue(SEND, SendParams(invitation_id=invitation.id, version=invitation.version))


def _place(invitation: Invitation) -> str:
    return f"{invitation.tenant_id}|invitation|token|{invitation.id}"
