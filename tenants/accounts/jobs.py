"""Mails about accounts, and what a workspace's own list of members has to follow.

A mail is sent at least once: tried again it carries the same link and the same Message-ID.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.kernel.i18n import N_, format_date
from core.runtime import Runtime
from core.tenancy.control import Control
from tenants.accounts import letters, proofs, service
from tenants.accounts.letters import Letter
from tenants.accounts.models import Account, EmailChange, Proof
from tenants.accounts.service_addresses import MailReset, MailVerification, follow_account
from tenants.accounts.service_changes import MailChange, SettleChange, day_of, settle


async def mail_verification(runtime: Runtime, params: MailVerification) -> None:
    """Send the link that confirms an address; where the address has an account, one that joins the two."""
    async with runtime.control() as control:
        account = await control.session.get(Account, params.account_id)
        if account is None or account.verify_by is None:
            return
        is_known = await service.by_email(control, account.email) is not None
        path = await _link(control, runtime, Proof(**_of(account, params.proof_id), kind=proofs.VERIFY))
    lines = [N_("Somebody, most likely you, signed up with this e-mail address.")]
    if is_known:
        lines.append(
            N_("You have an account already. Confirm, and the workspace is added to it; your password stays.")
        )
    else:
        lines.append(N_("Confirm that the address is yours, and you can go on working there for good."))
    letter = Letter(
        subject=N_("Confirm your e-mail address"),
        lines=lines,
        button=N_("Confirm"),
        path=path,
        after=[N_("If it was not you, say so on the page behind the link, or do nothing at all.")],
    )
    await letters.send(
        runtime, account.email, letter, workspace=None, locale=account.locale, key=f"verify {params.proof_id}"
    )


async def mail_reset(runtime: Runtime, params: MailReset) -> None:
    """Send the link that replaces a password; nothing where nobody has the address."""
    async with runtime.control() as control:
        account = await _meant(control, params)
        if account is None:
            return
        path = await _link(control, runtime, Proof(**_of(account, params.proof_id), kind=proofs.RESET))
    letter = Letter(
        subject=N_("Choose a new password"),
        lines=[
            N_("Somebody, most likely you, forgot the password of your account."),
            N_("This link works for one hour and once. Afterwards you are signed out everywhere."),
        ],
        button=N_("Choose a new password"),
        path=path,
        after=[letters.NOT_YOU],
    )
    await letters.send(
        runtime, account.email, letter, workspace=None, locale=account.locale, key=f"reset {params.proof_id}"
    )


async def _meant(control: Control, params: MailReset) -> Account | None:
    if params.account_id is not None:
        found: Account | None = await control.session.get(Account, params.account_id)
        return found if found is not None and found.email == params.email else None
    return await service.by_email(control, params.email) or await service.claiming(control, params.email)


async def mail_change(runtime: Runtime, params: MailChange) -> None:
    """Ask the new address, or the old one, which can stop it as well; who has agreed is asked no more."""
    async with runtime.control() as control:
        change = await control.session.get(EmailChange, params.change_id)
        account = await control.session.get(Account, change.account_id) if change else None
        if change is None or account is None:
            return
        asked = await _asked(control, runtime, params, change, account)
    if asked is not None:
        to, letter = asked
        key = f"change {params.proof_id}"
        await letters.send(runtime, to, letter, workspace=None, locale=account.locale, key=key)


async def _asked(
    control: Control, runtime: Runtime, params: MailChange, change: EmailChange, account: Account
) -> tuple[str, Letter] | None:
    """The letter to one of the two addresses; None where it has agreed."""
    day = format_date(day_of(change), account.locale)
    if params.is_old:
        if change.old_agreed_at is not None:
            return None
        proof = Proof(**_of(account, params.proof_id), kind=proofs.STOP, subject=change.email)
        proof.created_at = change.created_at
        path = await _link(control, runtime, proof)
        return account.email, letters.stopping(path, change.email, day)
    if change.new_agreed_at is not None:
        return None
    about = {"account_id": account.id, "kind": proofs.EMAIL, "subject": account.email}
    proof = Proof(id=params.proof_id, email=change.email, **about)
    is_taken = await service.by_email(control, change.email) is not None
    path = "" if is_taken else await _link(control, runtime, proof)
    return change.email, letters.agreeing(path, day)


async def settle_change(runtime: Runtime, params: SettleChange) -> None:
    """Make a change whose time is over, or forget it."""
    async with runtime.control() as control:
        await settle(control, params.change_id)


async def sync_member(run: Any) -> None:
    """Write into a workspace which login its member has, and at which address."""
    await run.step("sync", follow_account, run.params)


def _of(account: Account, proof_id: UUID) -> dict[str, Any]:
    return {"id": proof_id, "account_id": account.id, "email": account.email}


async def _link(control: Control, runtime: Runtime, proof: Proof) -> str:
    token = proofs.token_of(runtime.settings.secret_key, proof.id)
    await proofs.offer(control, proof, token=token)
    return f"/confirm/{token}"
