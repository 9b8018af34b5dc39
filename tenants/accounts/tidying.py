"""Housekeeping of accounts: what works no more is not kept for ever."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import and_, delete, exists, or_, select

from core.runtime import Runtime
from tenants.accounts.models import VOUCHED, Account, EmailChange, Membership, Proof, Session
from tenants.accounts.service_changes import WAIT, settle

KEPT = timedelta(days=7)
CLAIM_KEPT = timedelta(days=30)
"""How long after its time a claim stays that nobody confirmed and that opens no workspace."""


class Nothing(msgspec.Struct):
    """What the housekeeping is told."""


async def forget_old(runtime: Runtime, _params: Nothing) -> None:
    """Remove links that work no more, sessions that are over, and claims that came to nothing.

    A claim that still opens a workspace stays as long as that does, and one that somebody is signed in with.
    """
    async with runtime.control() as control:
        now = control.now()
        late = await control.session.scalars(
            select(EmailChange.id).where(EmailChange.created_at < now - WAIT)
        )
        for change_id in list(late):
            # Its own job did so, unless it came to nothing.
            await settle(control, change_id)
        then = now - CLAIM_KEPT
        await control.session.execute(delete(Proof).where(Proof.expires_at < now - KEPT))
        await control.session.execute(delete(Session).where(Session.expires_at < now))
        await control.session.execute(
            delete(Account).where(
                or_(Account.verify_by < then, and_(Account.verify_by == VOUCHED, Account.created_at < then)),
                ~exists().where(Membership.account_id == Account.id),
                ~exists().where(Session.account_id == Account.id),
            )
        )
