"""Housekeeping of invitations: what works no more is not kept for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, or_

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.runtime import Runtime
from tenants.invitations.models import Invitation
from tenants.invitations.schema import Nothing

KEPT: Final = timedelta(days=30)
"""What became of an invitation stands in the log."""


async def forget_old(runtime: Runtime, _params: Nothing) -> None:
    """Remove invitations that ended long ago, with those that came of them; whoever accepted stays."""
    async with runtime.control() as control:
        then = control.now() - KEPT
        ended = or_(Invitation.expires_at < then, Invitation.revoked_at < then)
        await control.session.execute(delete(Invitation).where(ended))


FORGET: Final = JobSpec(
    name="invitations.forget_old",
    handler=forget_old,
    params=Nothing,
    title=N_("Forget old invitations"),
    kind="control",
    every_s=86_400,
)
