"""Reads of invitations."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from core.kernel.errors import NotFound
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.directory import TenantRow
from tenants.accounts.models import Account, Membership
from tenants.invitations.models import Invitation

_SHUT: Final = select(TenantRow.id).where(
    or_(TenantRow.sandbox_of.is_not(None), TenantRow.state == "deleting")
)
"""Nobody joins them: in sandboxes programs invite to see how it goes, and one that goes no longer says what it was."""


class DeadInvitation(NotFound):
    """It expired, was revoked, is used up, or never was one: from outside these are the same."""

    code = "invitation.dead"
    title = N_("This invitation does not work any more")


def digest(token: str) -> bytes:
    """What an invitation is found by."""
    return hashlib.sha256(token.encode()).digest()


def bears(token: str) -> ColumnElement[bool]:
    """The condition for the invitation of a token, be it the mail's or the one that was handed over."""
    return or_(Invitation.token_hash == digest(token), Invitation.hand_hash == digest(token))


async def by_token(control: Control, token: str) -> Invitation:
    """The open invitation of a token; raises :class:`DeadInvitation`."""
    found: Invitation | None = await control.session.scalar(
        select(Invitation).where(
            bears(token),
            Invitation.domain.is_(None),
            Invitation.tenant_id.not_in(_SHUT),
            *_open(control),
        )
    )
    if found is None or not await _parent_is_open(control, found):
        raise DeadInvitation
    return found


async def of_tenant(control: Control, tenant_id: UUID) -> list[Invitation]:
    """The open invitations of a workspace, newest first; those that came of a link are not listed."""
    statement = select(Invitation).where(
        Invitation.tenant_id == tenant_id, Invitation.parent_id.is_(None), *_open(control)
    )
    return list(await control.session.scalars(statement.order_by(Invitation.id.desc()).limit(200)))


async def open_to(control: Control, account: Account) -> list[tuple[Invitation, str]]:
    """The workspaces that an account may join for its address's domain, with their names; never of a bare claim."""
    if account.verified_at is None or account.verify_by is not None:
        return []
    here = select(Membership.tenant_id).where(Membership.account_id == account.id)
    statement = (
        select(Invitation, TenantRow.name)
        .join(TenantRow, TenantRow.id == Invitation.tenant_id)
        .where(
            Invitation.domain == domain_of(account.email),
            Invitation.proved_at.is_not(None),
            Invitation.tenant_id.not_in(here),
            TenantRow.state == "active",
            TenantRow.sandbox_of.is_(None),
            *_open(control),
        )
        .order_by(TenantRow.name)
    )
    return [(row[0], row[1]) for row in await control.session.execute(statement)]


def domain_of(email: str) -> str:
    """The domain of an address."""
    return email.rpartition("@")[2].lower()


async def one(control: Control, tenant_id: UUID, invitation_id: UUID) -> Invitation:
    """An open invitation of a workspace; raises NotFound."""
    found: Invitation | None = await control.session.scalar(
        select(Invitation).where(
            Invitation.id == invitation_id, Invitation.tenant_id == tenant_id, *_open(control)
        )
    )
    if found is None:
        raise NotFound
    return found


async def _parent_is_open(control: Control, below: Invitation) -> bool:
    if below.parent_id is None:
        return True
    parent = aliased(Invitation)
    statement = select(parent.id).where(parent.id == below.parent_id, *_open(control, parent))
    return await control.session.scalar(statement) is not None


def _open(control: Control, row: type[Invitation] = Invitation) -> list[ColumnElement[bool]]:
    return [row.revoked_at.is_(None), row.expires_at > control.now(), row.uses < row.max_uses]
