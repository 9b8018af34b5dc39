"""The line above an administrator's pages while a proved domain's record is gone; the directory carries it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update

from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import TenantRow
from tenants.invitations.models import Invitation

GRACE: Final = timedelta(days=3)
"""From the first look-up that found a proved domain's record gone to being closed; whoever has the domain then, if
it was sold, has to be kept out soon."""


async def tell(control: Control, tenant_id: UUID) -> None:
    """Have the directory say which domain of a workspace is about to close, or that none is."""
    await control.session.flush()
    going = select(Invitation).where(
        Invitation.tenant_id == tenant_id,
        Invitation.missing_since.is_not(None),
        Invitation.revoked_at.is_(None),
    )
    first = await control.session.scalar(going.order_by(Invitation.missing_since).limit(1))
    row = select(TenantRow.notices).where(TenantRow.id == tenant_id).with_for_update(key_share=True)
    before = await control.session.scalar(row) or {}
    notices = {name: text for name, text in before.items() if not name.startswith("domain")}
    if first is not None and first.missing_since is not None:
        notices |= {"domain": first.domain, "domain_until": (first.missing_since + GRACE).isoformat()}
    if notices == before:
        return
    await control.session.execute(update(TenantRow).where(TenantRow.id == tenant_id).values(notices=notices))
    await control.touch(tenant_id)


def missing(ctx: Ctx, _principal: Any) -> tuple[str, dict[str, Any]] | None:
    """Say what the directory knows."""
    domain, until = (ctx.tenant.notices.get(name) for name in ("domain", "domain_until"))
    if not domain or not until:
        return None
    day = datetime.fromisoformat(until).astimezone(ctx.zone).date()
    return "invitations/missing.html", {"domain": domain, "day": day}
