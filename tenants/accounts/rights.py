"""What a session has to do with a change of rights in a workspace."""

from __future__ import annotations

from typing import Any

from core.access.models import Member
from tenants.accounts import service


async def follow_rights(ctx: Any, event: Any) -> None:
    """Have the sessions of a member take new tokens where his role changed."""
    if "role" not in event.changes or ctx.tenant.sandbox_of is not None:
        return
    member = await ctx.session.get(Member, event.subject_id)
    if member is None or member.account_id is None:
        return
    async with ctx.machinery.control() as control:
        await service.grow_stale(control, member.account_id)
