"""What the pages and the API of invitations share: the address of a link, and how many mails one may have sent."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request

from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.request import runtime_of
from tenants.accounts import limits
from tenants.accounts.models import Account
from tenants.invitations import service
from tenants.invitations.models import Invitation

Any_ = Request[Any, Any, Any]
A_HOUR: Final = 100
"""Mails that a workspace's keys may have sent in an hour."""


def url_of(ctx: Ctx, request: Any_, invitation: Invitation) -> str | None:
    """The address of a link; None for a mail, whose link is for its reader alone."""
    if invitation.email is not None or invitation.domain is not None:
        return None
    return f"{runtime_of(request).settings.public_url}/join/{service.token_of(ctx.cipher(), invitation)}"


async def limited(ctx: Ctx, control: Control, request: Any_) -> None:
    """Count a mail to a third person against whoever has it sent; raises ``TooManyRequests``."""
    runtime = runtime_of(request)
    account = await control.session.get(Account, ctx.actor.account_id) if ctx.actor.account_id else None
    if account is not None:
        await limits.invitation(runtime, account)
        return
    (await runtime.limiter.hit(f"invitation:{ctx.tenant.id}", A_HOUR, 3600, name="invitation")).require()
