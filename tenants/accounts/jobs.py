"""Mails about accounts, and what a workspace's own list of members has to follow.

A mail is sent at least once: tried again it carries the same link and the same Message-ID.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.control import Control
from tenants.accounts import letters, proofs, service
from tenants.accounts.letters import Letter
from tenants.accounts.models import Account, Proof
from tenants.accounts.service_addresses import MailChange, MailReset, MailVerification, follow_account

NOT_YOU = N_("If it was not you, do nothing: without this link nothing happens.")


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
        after=[NOT_YOU],
    )
    await letters.send(
        runtime, account.email, letter, workspace=None, locale=account.locale, key=f"reset {params.proof_id}"
    )


async def mail_change(runtime: Runtime, params: MailChange) -> None:
    """Ask the new address whether it agrees, and tell the old one how to stop it."""
    async with runtime.control() as control:
        account = await control.session.get(Account, params.account_id)
        if account is None or account.email == params.email:
            return
        is_taken = await service.by_email(control, params.email) is not None
        asked = Proof(
            id=params.proof_id,
            account_id=account.id,
            kind=proofs.EMAIL,
            email=params.email,
            subject=account.email,
        )
        agree = "" if is_taken else await _link(control, runtime, asked)
        told = Proof(**_of(account, uuid5(params.proof_id, "stop")), kind=proofs.STOP, subject=params.email)
        stop = await _link(control, runtime, told)
    new, old = _agreeing(agree), _stopping(stop, params.email)
    key = str(params.proof_id)
    await letters.send(runtime, params.email, new, workspace=None, locale=account.locale, key=f"agree {key}")
    await letters.send(runtime, account.email, old, workspace=None, locale=account.locale, key=f"stop {key}")


def _agreeing(path: str) -> Letter:
    if not path:
        line = N_(
            "Somebody wanted to use this address for another account. It has one already, so nothing changes."
        )
        return Letter(subject=N_("Your e-mail address stays with your account"), lines=[line])
    return Letter(
        subject=N_("Confirm your new e-mail address"),
        lines=[N_("Confirm, and from then on you sign in with this address.")],
        button=N_("Confirm"),
        path=path,
        after=[NOT_YOU],
    )


def _stopping(path: str, email: str) -> Letter:
    return Letter(
        subject=N_("Your e-mail address is about to change"),
        lines=[
            N_("Somebody, most likely you, wants to sign in with {email} from now on."),
            N_("If that was you, there is nothing to do here."),
            N_("If it was not, stop it: everybody is signed out, and you choose a new password."),
        ],
        button=N_("This was not me"),
        path=path,
        after=[N_("The link works for seven days, also after the change.")],
        values={"email": email},
    )


async def sync_member(run: Any) -> None:
    """Write into a workspace which login its member has, and at which address."""
    await run.step("sync", follow_account, run.params)


def _of(account: Account, proof_id: UUID) -> dict[str, Any]:
    return {"id": proof_id, "account_id": account.id, "email": account.email}


async def _link(control: Control, runtime: Runtime, proof: Proof) -> str:
    token = proofs.token_of(runtime.settings.secret_key, proof.id)
    await proofs.offer(control, proof, token=token)
    return f"/confirm/{token}"
