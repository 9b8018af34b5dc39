"""Verbs over both databases: a member of the workspace with a login of the installation.

Two transactions cannot commit as one. Each verb bears being repeated: a login whose member was not written
opens nothing, a member whose login was not written is given one again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberIn
from core.kernel.errors import Conflict, Forbidden
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from tenants.accounts import service as accounts
from tenants.accounts.service_addresses import ask_reset
from tenants.api_keys import hand_over
from tenants.invitations import service as invitations


async def hire(ctx: Ctx, control: Control, data: MemberIn) -> tuple[Member, str]:
    """Add a member with a login; gives the provisional password, or "" where the address has an account."""
    member = await people.add_member(ctx, data)
    return member, await _let_in(ctx, control, member)


async def give_password(ctx: Ctx, control: Control, member: Member) -> str | None:
    """Make a provisional password for a member who never had one of his own.

    Gives "" where a login of his own was joined, and None where a mail went to the holder instead: nobody takes over
    a login that opens other workspaces too, or has a password that its holder chose.
    """
    await ctx.require(people.MANAGE)
    if member.role == people.OWNER and ctx.actor.role != people.OWNER:
        raise Forbidden(detail=N_("Only an owner can change owners."))
    account = await accounts.by_email(control, member.email)
    if account is None or member.account_id != account.id:
        return await _let_in(ctx, control, member)
    if account.is_provisional and await accounts.workspaces_of(control, account.id) == 1:
        return await accounts.give_password(control, account)
    ask_reset(control, account.email)
    return None


async def follow_activity(ctx: Ctx, event: Any) -> None:
    """Keep the workspaces of a login to those where its member is active; what he invited to ends with him."""
    if "active" not in event.changes or ctx.tenant.sandbox_of is not None:
        return
    member = await ctx.session.get(Member, event.subject_id)
    if member is None:
        return
    async with ctx.machinery.control() as control:  # type: ignore[attr-defined]
        if not member.active:
            await accounts.leave(control, ctx.tenant.id, member.id)
            await invitations.revoke_of(control, ctx.tenant.id, member.id)
        elif member.account_id is not None:
            await accounts.join(control, member.account_id, ctx.tenant.id, member.id)


async def follow_hand_over(ctx: Ctx, event: Any) -> None:
    """End the keys of whoever left, or let them act for the successor, as the hand-over said."""
    if event.keys == "keep" or ctx.tenant.sandbox_of is not None:
        return
    async with ctx.machinery.control() as control:  # type: ignore[attr-defined]
        if event.keys == "transfer":
            await hand_over.transfer(control, ctx.tenant.id, event.subject_id, UUID(event.to_id))
        else:
            await hand_over.revoke_of(control, ctx.tenant.id, event.subject_id)


async def _let_in(ctx: Ctx, control: Control, member: Member) -> str:
    known = await accounts.by_email(control, member.email)
    is_bare = known is not None and known.verified_at is None
    if known is not None and is_bare and not await accounts.opens(control, known.id, ctx.tenant.id):
        # Another workspace made it, and whoever did so may hold its password.
        detail = N_("Nobody has confirmed this address yet. Invite it by mail instead.")
        raise Conflict(code="account.unconfirmed", detail=detail)
    account, password = await accounts.invite(control, member.email, member.name, locale=ctx.tenant.locale)
    await accounts.join(control, account.id, ctx.tenant.id, member.id)
    member.account_id = account.id
    await ctx.session.flush()
    return password
