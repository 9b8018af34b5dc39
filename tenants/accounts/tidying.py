"""Housekeeping of accounts: what works no more is not kept for ever."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import delete

from core.runtime import Runtime
from tenants.accounts.models import Proof, Session

KEPT = timedelta(days=7)


class Nothing(msgspec.Struct):
    """What the housekeeping is told."""


async def forget_old(runtime: Runtime, _params: Nothing) -> None:
    """Remove links that work no more and sessions that are over."""
    async with runtime.control() as control:
        now = control.now()
        await control.session.execute(delete(Proof).where(Proof.expires_at < now - KEPT))
        await control.session.execute(delete(Session).where(Session.expires_at < now))
