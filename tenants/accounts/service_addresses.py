"""Verbs about whose an address is: claim one, confirm or refuse it, replace a forgotten password.

Emits account.created, account.verified, account.refused, email.changed, password.reset and, in workspaces,
member.updated. Sends nothing: mails are jobs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, select

from core.access.events import MemberUpdated
from core.access.models import Member
from core.kernel.errors import Forbidden, Invalid
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.control import Control
from tenants.accounts import passwords, proofs, service
from tenants.accounts.events import (
    AccountCreated,
    AccountRefused,
    AccountVerified,
    EmailChanged,
    PasswordReset,
)
from tenants.accounts.log import tell
from tenants.accounts.models import Account, Membership, Proof
from tenants.accounts.second_factor import service as second_factor

MAIL_VERIFICATION = "accounts.mail_verification"
MAIL_RESET = "accounts.mail_reset"
SYNC_MEMBER = "accounts.sync_member"


class MailVerification(msgspec.Struct, kw_only=True):
    """Send the link that confirms an account's address."""

    account_id: UUID
    proof_id: UUID


class MailReset(msgspec.Struct, kw_only=True):
    """Send the link that replaces a password, where the address has one; ``account_id`` where it is for that one."""

    email: str
    proof_id: UUID
    account_id: UUID | None = None


class SyncMember(msgspec.Struct, kw_only=True):
    """Write into a workspace which login its member has, and at which address."""

    member_id: UUID
    account_id: UUID
    email: str


async def claim(
    control: Control, *, email: str, name: str, password_hash: str, verify_by: datetime
) -> Account:
    """Make an account that has yet to show that its address is its own; emits account.created.

    Whether the address has an account is not asked, so that nobody finds it out.
    """
    account = Account(
        email=email, name=name, locale=control.locale, password_hash=password_hash, verify_by=verify_by
    )
    control.session.add(account)
    await control.session.flush()
    control.emit(AccountCreated(subject_id=account.id, label=account.email))
    ask_confirmation(control, account)
    return account


def ask_confirmation(control: Control, account: Account) -> None:
    """Have the link sent that confirms an account's address."""
    control.enqueue(MAIL_VERIFICATION, MailVerification(account_id=account.id, proof_id=uuid7()))


def ask_reset(control: Control, email: str, account_id: UUID | None = None) -> None:
    """Have the link sent that replaces a password; costs and says the same where nobody has that address."""
    wanted = MailReset(email=email.strip().lower(), proof_id=uuid7(), account_id=account_id)
    control.enqueue(MAIL_RESET, wanted)


async def confirm(control: Control, proof: Proof, *, signed_in: UUID | None, password: str = "") -> Account:
    """Confirm the address of a claim; where the address has an account, its workspaces join that one.

    The mail alone is not enough, or whoever signed up with a stranger's address would be handed his account by him:
    it takes the claim's session or password, or the session of the account that the address has.
    """
    claim = await _account(control, proof)
    holder = await service.by_email(control, claim.email)
    if holder is None:
        is_his = signed_in == claim.id or await passwords.matches(password, claim.password_hash)
        if not is_his:
            raise Invalid.field("password", "password", N_("This is not the password you signed up with."))
        await proofs.spend(control, proof)
        await _verified(control, claim)
        return claim
    await proofs.spend(control, proof)
    if signed_in != holder.id:
        raise Forbidden(detail=N_("Sign in to your account first."))
    if holder.id != claim.id:
        await _adopt(control, claim, holder)
    return holder


async def refuse(control: Control, proof: Proof) -> None:
    """Close a claim to whoever made it: the address's holder says that it was not him."""
    claim = await _account(control, proof)
    if claim.verify_by is None:
        raise proofs.DeadLink
    await proofs.spend_all(control, claim.id, proofs.VERIFY)
    # Whoever made it may have asked for an address of his own, too.
    await proofs.drop_change(control, claim.id)
    claim.password_hash = None
    await service.log_out_others(control, claim.id)
    await tell(control, AccountRefused(subject_id=claim.id))


async def reset(control: Control, proof: Proof, new: str) -> Account:
    """Replace a forgotten password and end all sessions; that the mail arrived confirms the address as well.

    What whoever had the password before has begun ends too: another address that is waited for and, at a claim, which
    somebody else may have made, the second step.
    """
    account = await _account(control, proof)
    await proofs.spend(control, proof)
    await proofs.spend_all(control, account.id, proofs.RESET)
    await proofs.drop_change(control, account.id)
    account.password_hash = await passwords.hashed(new)
    await tell(control, PasswordReset(subject_id=account.id))
    await service.log_out_others(control, account.id)
    if account.verified_at is None:
        if await second_factor.factor_of(control, account.id) is not None:
            await second_factor.forget(control, account)
        if await service.by_email(control, account.email) in (None, account):
            await _verified(control, account)
    return account


async def follow_account(ctx: Any, params: SyncMember) -> None:
    """Write into a workspace which login its member has, and at which address; emits member.updated."""
    member = await ctx.session.get(Member, params.member_id)
    if member is None:
        return
    member.account_id = params.account_id
    others = select(Member.id).where(Member.email == params.email, Member.id != member.id)
    if member.email != params.email and await ctx.session.scalar(others) is None:
        changes = {"email": (member.email, params.email)}
        member.email = params.email
        ctx.emit(MemberUpdated(subject_id=member.id, label=member.name, changes=changes))
    await ctx.session.flush()


async def _account(control: Control, proof: Proof) -> Account:
    account = await control.session.get(Account, proof.account_id)
    # A link that confirms an address, or replaces a password, is worth nothing at another address than it went to.
    if account is None or account.email != proof.email:
        raise proofs.DeadLink
    return account


async def _verified(control: Control, account: Account) -> None:
    account.verified_at, account.verify_by = control.now(), None
    await tell(control, AccountVerified(subject_id=account.id))


async def move(control: Control, account: Account, email: str) -> None:
    """Give an account another address, here and in its workspaces; emits email.changed."""
    changes = {"email": (account.email, email)}
    account.email = email
    await control.session.flush()
    await tell(control, EmailChanged(subject_id=account.id, changes=changes))
    for membership in await _memberships(control, account):
        _sync(control, membership, account)


async def _adopt(control: Control, claim: Account, holder: Account) -> None:
    """Move the workspaces of a claim to the account of its address, and drop the claim with its sessions."""
    has = {one.tenant_id for one in await _memberships(control, holder)}
    claimed = await _memberships(control, claim)
    moved = [one for one in claimed if one.tenant_id not in has]
    for membership in moved:
        membership.account_id = holder.id
        _sync(control, membership, holder)
    await control.session.flush()
    if holder.verified_at is None:
        holder.verified_at = control.now()
        await tell(control, AccountVerified(subject_id=holder.id))
    # One that opens nothing may be on its way into a workspace; housekeeping removes it otherwise.
    if claimed and len(moved) == len(claimed):
        await control.session.execute(delete(Account).where(Account.id == claim.id))


async def _memberships(control: Control, account: Account) -> list[Membership]:
    return list(await control.session.scalars(select(Membership).where(Membership.account_id == account.id)))


def _sync(control: Control, membership: Membership, account: Account) -> None:
    wanted = SyncMember(member_id=membership.member_id, account_id=account.id, email=account.email)
    control.enqueue(SYNC_MEMBER, wanted, tenant_id=membership.tenant_id)
