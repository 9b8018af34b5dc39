"""What happens to an account, written into the log of every workspace that it opens just then, and of no other.

Each workspace gets an entry of its own: it learns neither of the others nor of what was before its member joined, and
keeps what it has when the member leaves.
"""

from __future__ import annotations

from uuid import UUID

from msgspec import structs
from sqlalchemy import select

from core.kernel.events import ActorRef, Event
from core.tenancy.control import Control
from tenants.accounts.events import SessionOpened
from tenants.accounts.models import Account, Membership

OUTSIDE = ActorRef(kind="public")
"""Who follows a link of a mail, or fails to sign in: nobody knows."""


async def tell(control: Control, event: Event) -> None:
    """Write an event about the account that is its subject, with the account's address for a label."""
    rows = await control.session.execute(
        select(Account.email, Account.name, Membership.tenant_id, Membership.member_id)
        .outerjoin(Membership, Membership.account_id == Account.id)
        .where(Account.id == event.subject_id)
        .order_by(Membership.created_at)
    )
    for email, name, tenant_id, member_id in rows.all():
        holder = ActorRef(kind="member", member_id=member_id, name=name)
        told = structs.replace(event, label=email)
        control.emit(told, tenant_id=tenant_id, by=_actor(control, event, holder, tenant_id))


def _actor(control: Control, event: Event, holder: ActorRef, tenant_id: UUID | None) -> ActorRef | None:
    """Who did it, as that workspace may know; None for whoever asks."""
    who = control.principal
    if isinstance(event, SessionOpened) or (who is not None and who.account_id == event.subject_id):
        return holder
    is_colleague = who is not None and who.tenant is not None and who.tenant.id == tenant_id
    return None if is_colleague else OUTSIDE
