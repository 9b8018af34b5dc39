"""Verbs of a change of address: both addresses are asked, and the old one can stop it, for a while also afterwards.

It takes effect once both have agreed; where only the new one has, when ``WAIT`` is over, for whoever lost the old
mailbox. Whether the new address has an account is found out by the job that writes the mail, never by a request.
Emits email.changed, session.revoked and second_factor.disabled. Sends nothing: mails are jobs.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select

from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.control import Control
from tenants.accounts import passwords, proofs, service
from tenants.accounts.models import VOUCHED, Account, EmailChange, Proof
from tenants.accounts.schema import EmailIn
from tenants.accounts.second_factor import service as second_factor
from tenants.accounts.service_addresses import ask_confirmation, ask_reset, move

MAIL_CHANGE: Final = "accounts.mail_change"
SETTLE: Final = "accounts.settle_change"
WAIT: Final = timedelta(days=7)
"""How long both addresses are waited for."""


class MailChange(msgspec.Struct, kw_only=True):
    """Ask one of the two addresses of a change, unless it has agreed; the old one, or the new."""

    change_id: UUID
    proof_id: UUID
    is_old: bool


class SettleChange(msgspec.Struct, kw_only=True):
    """Make a change at the end of its time, or forget it."""

    change_id: UUID


async def pending(control: Control, account_id: UUID) -> EmailChange | None:
    """The change of an account's address that is waited for."""
    found: EmailChange | None = await control.session.scalar(
        select(EmailChange).where(EmailChange.account_id == account_id)
    )
    return found


def day_of(change: EmailChange) -> date:
    """The day on which a change is made without the old address's word."""
    return (change.created_at + WAIT).date()


async def ask(control: Control, account_id: UUID, data: EmailIn) -> None:
    """Ask for another address, instead of one asked for before; who signed up just now has it at once."""
    account = await control.session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound
    if not await passwords.matches(data.current, account.password_hash):
        raise Invalid.field("current", "password", N_("This is not your present password."))
    if data.email == account.email:
        raise Invalid.field("email", "same", N_("This is your address already."))
    if account.verify_by not in {None, VOUCHED}:
        await proofs.spend_all(control, account.id, proofs.VERIFY)
        await move(control, account, data.email)
        ask_confirmation(control, account)
        return
    await proofs.drop_change(control, account.id)
    change = EmailChange(id=uuid7(), account_id=account.id, email=data.email, created_at=control.now())
    control.session.add(change)
    await control.session.flush()
    control.enqueue(SETTLE, SettleChange(change_id=change.id), run_at=control.now() + WAIT)
    ask_again(control, change)


def ask_again(control: Control, change: EmailChange) -> None:
    """Send the mails to who has not agreed yet; the time that it takes stays."""
    # A job for each: that one cannot be reached must not keep the other from hearing of it.
    for is_old in (True, False):
        control.enqueue(MAIL_CHANGE, MailChange(change_id=change.id, proof_id=uuid7(), is_old=is_old))


async def agree(control: Control, proof: Proof) -> bool:
    """Note that the new address agrees; gives whether that makes the change.

    Raises ``Conflict`` where another account has the address by now.
    """
    account = await _locked(control, proof.account_id)
    change = await pending(control, account.id)
    if change is None or change.email != proof.email:
        raise proofs.DeadLink
    await _demand_free(control, change)
    await proofs.spend(control, proof)
    change.new_agreed_at = control.now()
    return change.old_agreed_at is not None and await _make(control, account, change)


async def awaits(control: Control, proof: Proof) -> bool:
    """Whether the old address is waited for, which a link went to."""
    change = await pending(control, proof.account_id)
    account = await control.session.get_one(Account, proof.account_id)
    if change is None or change.email != proof.subject:
        return False
    return account.email == proof.email and change.old_agreed_at is None


async def consent(control: Control, proof: Proof) -> bool:
    """Note that the old address agrees, which then stops it no more; gives whether that makes the change."""
    account = await _locked(control, proof.account_id)
    change = await pending(control, account.id)
    if change is None or not await awaits(control, proof):
        raise proofs.DeadLink
    await proofs.spend(control, proof)
    await proofs.spend_all(control, account.id, proofs.STOP, email=proof.email)
    change.old_agreed_at = control.now()
    return change.new_agreed_at is not None and await _make(control, account, change)


async def settle(control: Control, change_id: UUID) -> None:
    """Make a change to which only the new address agreed, and forget any other; repeatable."""
    its = select(EmailChange.account_id).where(EmailChange.id == change_id).scalar_subquery()
    account = await control.session.scalar(select(Account).where(Account.id == its).with_for_update())
    change = await pending(control, account.id) if account is not None else None
    if account is None or change is None or change.id != change_id:
        return
    is_free = await service.by_email(control, change.email) is None
    if change.new_agreed_at is not None and is_free:
        await _make(control, account, change)
    else:
        await proofs.drop_change(control, account.id)


async def stop(control: Control, proof: Proof) -> Account:
    """Stop a change of address, or undo it: sessions end, and a new password is asked for by mail.

    Whoever asked for it had a session and the password. So what came after goes as well: a second step that was set
    up since, which would keep the rightful holder out, and the links by which addresses of afterwards could undo this.
    """
    account = await _locked(control, proof.account_id)
    await proofs.spend(control, proof)
    since = await proofs.first(control, proof)
    await proofs.drop_change(control, account.id)
    await proofs.spend_all(control, account.id, proofs.RESET)
    await proofs.spend_all(control, account.id, proofs.STOP, since=since)
    if account.email != proof.email and await service.by_email(control, proof.email) is None:
        await move(control, account, proof.email)
    account.password_hash = None
    factor = await second_factor.factor_of(control, account.id)
    if factor is not None and factor.confirmed_at is not None and factor.confirmed_at >= since:
        await second_factor.forget(control, account)
    await service.log_out_others(control, account.id)
    if account.email == proof.email:
        # Where somebody has the address by now, a link to the other one would let back in whom this shuts out.
        ask_reset(control, account.email, account.id)
    return account


async def _make(control: Control, account: Account, change: EmailChange) -> bool:
    await _demand_free(control, change)
    email = change.email
    await proofs.drop_change(control, account.id)
    await move(control, account, email)
    account.verified_at, account.verify_by = control.now(), None
    await service.grow_stale(control, account.id)
    return True


async def _demand_free(control: Control, change: EmailChange) -> None:
    if await service.by_email(control, change.email) is not None:
        raise Conflict(code="email.taken", detail=N_("This address has an account of its own."))


async def _locked(control: Control, account_id: UUID) -> Account:
    found: Account | None = await control.session.get(
        Account, account_id, with_for_update=True, populate_existing=True
    )
    if found is None:
        raise proofs.DeadLink
    return found
