"""Accepting an invitation, over two databases: a place is taken, then the member is made, then the login joins.

The place is taken under a lock on the invitation, so that as many come in as it says and nobody twice. What
follows bears being repeated; a job does so where this process dies in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from core.access import service as people
from core.access.schema import MemberIn
from core.kernel.errors import AppError, Conflict, Forbidden
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.runtime import Runtime
from core.tenancy.control import Control
from tenants.accounts import passwords
from tenants.accounts import service as accounts
from tenants.accounts import service_addresses as addresses
from tenants.accounts.models import VOUCHED, Account, Membership
from tenants.accounts.schema import AccountIn
from tenants.invitations.events import InvitationAccepted
from tenants.invitations.models import Invitation, InvitationUse
from tenants.invitations.queries import DeadInvitation, bears, by_token, digest
from tenants.invitations.schema import FINISH, FinishParams, NewcomerIn


@dataclass(frozen=True, slots=True)
class Place:
    """A place that was taken in a workspace; ``use_id`` is None for who is a member already."""

    tenant_id: UUID
    use_id: UUID | None


async def take_place(control: Control, token: str, account: Account) -> Place:
    """Take a place for an account: once, however often and from wherever it is asked for.

    Raises :class:`DeadInvitation`, and ``Forbidden`` where the mail was sent to another address.
    """
    invitation = await _locked(control, bears(token))
    if invitation.email is not None and invitation.email != account.email:
        raise Forbidden(detail=N_("This invitation is for another e-mail address."))
    if invitation.email is None and account.verify_by is not None:
        raise Forbidden(code="account.unverified", detail=N_("Confirm your e-mail address first."))
    if await _is_member(control, invitation.tenant_id, account.id):
        return Place(invitation.tenant_id, None)
    begun = await _begun(control, invitation.id, account.id)
    if begun is not None:
        return Place(invitation.tenant_id, begun)
    await by_token(control, token)
    return await hold_place(control, invitation.id, account)


async def hold_place(control: Control, invitation_id: UUID, account: Account) -> Place:
    """Count a use and write it down, for whoever may come in; a job will complete it."""
    invitation = await _locked(control, Invitation.id == invitation_id)
    begun = await _begun(control, invitation.id, account.id)
    if begun is not None:
        return Place(invitation.tenant_id, begun)
    await _count(control, invitation)
    use = InvitationUse(id=uuid7(), invitation_id=invitation.id, account_id=account.id)
    control.session.add(use)
    await control.session.flush()
    control.enqueue(FINISH, FinishParams(use_id=use.id))
    return Place(invitation.tenant_id, use.id)


async def mailed_by(control: Control, token: str) -> str:
    """The address that is sent a mail when somebody signs up by a link; "" where that proves the address already."""
    invitation = await by_token(control, token)
    return invitation.email or "" if invitation.hand_hash == digest(token) else ""


async def sign_up(control: Control, token: str, data: NewcomerIn, *, locale: str) -> tuple[Account, Place]:
    """Make an account for whoever was sent a mail, and take its place; the mail has proved the address.

    A link that was handed over proves nothing: whoever comes by it makes a claim of the address, the same whether it
    has an account or not.
    """
    invitation = await by_token(control, token)
    if invitation.email is None:
        raise DeadInvitation
    if invitation.hand_hash == digest(token):
        stored = await passwords.hashed(data.password)
        claim = await addresses.claim(
            control, email=invitation.email, name=data.name, password_hash=stored, verify_by=VOUCHED
        )
        return claim, await take_place(control, token, claim)
    if await accounts.by_email(control, invitation.email) is not None:
        raise Conflict(code="account.exists", detail=N_("You have an account already. Sign in to accept."))
    wanted = AccountIn(email=invitation.email, name=data.name, password=data.password, locale=locale)
    account = await accounts.create(control, wanted)
    account.verified_at = control.now()
    return account, await take_place(control, token, account)


async def finish(runtime: Runtime, use_id: UUID) -> None:
    """Make the member and let the login in; harmless to repeat.

    What the workspace refuses, for a limit of its plan say, gives the place back and is raised.
    """
    async with runtime.control() as control:
        row = (
            await control.session.execute(
                select(InvitationUse, Invitation, Account)
                .join(Invitation, Invitation.id == InvitationUse.invitation_id)
                .join(Account, Account.id == InvitationUse.account_id)
                .where(InvitationUse.id == use_id, InvitationUse.done_at.is_(None))
            )
        ).first()
    if row is None:
        return
    _, invitation, account = row
    tenant = await runtime.tenant(invitation.tenant_id)
    is_asked_by_name = invitation.email is not None and invitation.parent_id is None
    wanted = MemberIn(
        name=account.name, email=account.email, role=invitation.role, unit_id=invitation.unit_id
    )
    try:
        async with runtime.open(tenant) as ctx:
            member = await people.join(ctx, wanted, account_id=account.id, reopens=is_asked_by_name)
            member_id = member.id
    except AppError:
        await _give_back(runtime, use_id, invitation)
        raise
    async with runtime.control() as control:
        done = update(InvitationUse).where(InvitationUse.id == use_id, InvitationUse.done_at.is_(None))
        done = done.values(done_at=control.now())
        is_first = (await control.session.execute(done.returning(InvitationUse.id))).first() is not None
        if is_first:
            await accounts.join(control, account.id, tenant.id, member_id)
            told = InvitationAccepted(subject_id=invitation.id, label=account.email, member_id=str(member_id))
            control.emit(told, tenant_id=tenant.id)


async def _give_back(runtime: Runtime, use_id: UUID, invitation: Invitation) -> None:
    async with runtime.control() as control:
        gone = delete(InvitationUse).where(InvitationUse.id == use_id, InvitationUse.done_at.is_(None))
        if (await control.session.execute(gone.returning(InvitationUse.id))).first() is None:
            return
        rows = [invitation.id, *([invitation.parent_id] if invitation.parent_id else [])]
        freed = update(Invitation).where(Invitation.id.in_(rows)).values(uses=Invitation.uses - 1)
        await control.session.execute(freed)


async def _locked(control: Control, condition: ColumnElement[bool]) -> Invitation:
    statement = select(Invitation).where(condition).with_for_update()
    found: Invitation | None = await control.session.scalar(
        statement.execution_options(populate_existing=True)
    )
    if found is None:
        raise DeadInvitation
    return found


async def _count(control: Control, invitation: Invitation) -> None:
    """Count a use, for the link as well where the mail came of one."""
    if invitation.parent_id is not None:
        link = await _locked(control, Invitation.id == invitation.parent_id)
        if link.uses >= link.max_uses:
            raise DeadInvitation
        link.uses += 1
    invitation.uses += 1


async def _begun(control: Control, invitation_id: UUID, account_id: UUID) -> UUID | None:
    """The place that the account has taken and does not yet have the membership for."""
    statement = select(InvitationUse.id).where(
        InvitationUse.invitation_id == invitation_id,
        InvitationUse.account_id == account_id,
        InvitationUse.done_at.is_(None),
    )
    found: UUID | None = await control.session.scalar(statement)
    return found


async def _is_member(control: Control, tenant_id: UUID, account_id: UUID) -> bool:
    statement = select(Membership.id).where(
        Membership.tenant_id == tenant_id, Membership.account_id == account_id
    )
    return await control.session.scalar(statement) is not None
