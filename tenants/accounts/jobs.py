"""Mails about accounts, and what a workspace's own list of members has to follow.

A mail is sent at least once: tried again it carries the same link and the same Message-ID.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

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
        account = await service.by_email(control, params.email) or await service.claiming(
            control, params.email
        )
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


async def mail_change(runtime: Runtime, params: MailChange) -> None:
    """Ask the new address, and the old one, which can stop it as well; who has agreed is asked no more."""
    async with runtime.control() as control:
        change = await control.session.get(EmailChange, params.change_id)
        account = await control.session.get(Account, change.account_id) if change else None
        if change is None or account is None:
            return
        asked = await _asked(control, runtime, params.proof_id, change, account)
    for to, letter in asked:
        key = f"change {params.proof_id} {to}"
        await letters.send(runtime, to, letter, workspace=None, locale=account.locale, key=key)


async def _asked(
    control: Control, runtime: Runtime, proof_id: UUID, change: EmailChange, account: Account
) -> list[tuple[str, Letter]]:
    """The letters to the addresses that have not agreed."""
    found, day = [], format_date(day_of(change), account.locale)
    if change.new_agreed_at is None:
        about = {"account_id": account.id, "kind": proofs.EMAIL, "subject": account.email}
        proof = Proof(id=proof_id, email=change.email, **about)
        is_taken = await service.by_email(control, change.email) is not None
        path = "" if is_taken else await _link(control, runtime, proof)
        found.append((change.email, letters.agreeing(path, day)))
    if change.old_agreed_at is None:
        proof = Proof(**_of(account, uuid5(proof_id, "stop")), kind=proofs.STOP, subject=change.email)
        proof.created_at = change.created_at
        found.append(
            (account.email, letters.stopping(await _link(control, runtime, proof), change.email, day))
        )
    return found


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
