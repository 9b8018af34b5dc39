"""Verbs over both databases: a member of the workspace, and the invitation by which he gets a login.

Two transactions cannot commit as one. Each verb bears being repeated: a member whose invitation was not written is
given another one, and an invitation whose member was not written makes him when it is accepted.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.access import service as people
from core.access.models import Member
from core.access.schema import MemberIn
from core.kernel.errors import Conflict
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from tenants.accounts import service as accounts
from tenants.accounts.models import Account
from tenants.accounts.service_addresses import ask_reset
from tenants.api_keys import hand_over
from tenants.invitations import service as invitations


async def hire(ctx: Ctx, control: Control, data: MemberIn) -> tuple[Member, str]:
    """Add a member, who may own records at once, and invite him; gives the token of the link to hand over."""
    member = await people.add_member(ctx, data)
    return member, await invitations.hand_over(ctx, control, member)


async def let_in(ctx: Ctx, control: Control, member: Member) -> str | None:
    """The token of another link for a member who has not come yet.

    None where he has a login: a mail with a link to a new password went to it. No administrator takes a login over.
    """
    await ctx.require(people.MANAGE)
    people.only_owners_change(ctx, member.role)
    if not member.active:
        raise Conflict(detail=N_("This member has left. Activate him first."))
    account = await control.session.get(Account, member.account_id) if member.account_id else None
    if account is None:
        member.account_id = None
        await ctx.session.flush()
        return await invitations.hand_over(ctx, control, member)
    ask_reset(control, account.email, account.id)
    return None


async def follow_activity(ctx: Ctx, event: Any) -> None:
    """Keep the workspaces of a login to those where its member is active; what he invited to, or was, ends with him.

    With another role a link to who has not come yet ends, too: it was made for what he was.
    """
    if not {"active", "role"} & event.changes.keys() or ctx.tenant.sandbox_of is not None:
        return
    member = await ctx.session.get(Member, event.subject_id)
    if member is None:
        return
    if "active" not in event.changes:
        if member.account_id is None:
            async with ctx.machinery.control() as control:  # type: ignore[attr-defined]
                await invitations.revoke_to(control, ctx.tenant.id, member.email)
        return
    async with ctx.machinery.control() as control:  # type: ignore[attr-defined]
        if not member.active:
            await accounts.leave(control, ctx.tenant.id, member.id)
            await invitations.revoke_of(control, ctx.tenant.id, member.id, email=member.email)
        elif member.account_id is not None:
            if await control.session.get(Account, member.account_id) is None:
                # A login that nobody had confirmed, and that opened nothing for long: he is let in anew.
                member.account_id = None
                await ctx.session.flush()
            else:
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
