"""Links in mails: each works once and for a while, and shows that whoever follows it reads the address's mail.

The token follows from the link's id and the installation's key, so that a mail which is sent again says the same;
the database holds its digest alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from core.kernel.errors import NotFound
from core.kernel.i18n import N_
from core.tenancy.control import Control
from tenants.accounts.models import EmailChange, Proof

VERIFY, RESET, EMAIL, STOP = "verify", "reset", "email", "stop"
AGES: Final = {
    VERIFY: timedelta(days=7),
    RESET: timedelta(hours=1),
    EMAIL: timedelta(days=7),
    STOP: timedelta(days=14),
}


class DeadLink(NotFound):
    """The link is too old, was used, or never was one."""

    code = "link.dead"
    title = N_("This link does not work any more")


def token_of(secret_key: bytes, proof_id: UUID) -> str:
    """The token in the link of a proof."""
    mac = hmac.new(secret_key, b"proof" + proof_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


async def offer(control: Control, proof: Proof, *, token: str) -> None:
    """Write a proof under its id; one that is written already stays as it is."""
    now = control.now()
    statement = insert(Proof).values(
        id=proof.id,
        created_at=proof.created_at or now,
        updated_at=now,
        version=1,
        account_id=proof.account_id,
        kind=proof.kind,
        token_hash=digest(token),
        email=proof.email,
        subject=proof.subject or "",
        expires_at=now + AGES[proof.kind],
    )
    await control.session.execute(statement.on_conflict_do_nothing())


async def read(control: Control, token: str) -> Proof:
    """The proof of a token that still works; raises :class:`DeadLink`."""
    found: Proof | None = await control.session.scalar(
        select(Proof).where(
            Proof.token_hash == digest(token), Proof.used_at.is_(None), Proof.expires_at > control.now()
        )
    )
    if found is None:
        raise DeadLink
    return found


async def spend(control: Control, proof: Proof) -> None:
    """Use a proof up; of two who do so at once, one gets :class:`DeadLink`."""
    statement = (
        update(Proof)
        .where(Proof.id == proof.id, Proof.used_at.is_(None))
        .values(used_at=control.now())
        .returning(Proof.id)
    )
    if (await control.session.execute(statement)).first() is None:
        raise DeadLink


async def spend_all(
    control: Control, account_id: UUID, *kinds: str, email: str | None = None, since: datetime | None = None
) -> None:
    """Use up every link of these kinds that an account was sent, or those to one address, or since then."""
    statement = update(Proof).where(
        Proof.account_id == account_id, Proof.kind.in_(kinds), Proof.used_at.is_(None)
    )
    if email is not None:
        statement = statement.where(Proof.email == email)
    if since is not None:
        statement = statement.where(Proof.created_at >= since)
    await control.session.execute(statement.values(used_at=control.now()))


async def first(control: Control, proof: Proof) -> datetime:
    """When the first of the links began that went to the same address for the same end, and still work."""
    began = select(func.min(Proof.created_at)).where(
        Proof.account_id == proof.account_id,
        Proof.kind == proof.kind,
        Proof.email == proof.email,
        Proof.used_at.is_(None),
        Proof.expires_at > control.now(),
    )
    return min(proof.created_at, await control.session.scalar(began) or proof.created_at)


async def drop_change(control: Control, account_id: UUID) -> None:
    """Wait no longer for another address; the links by which the old one stops it go on working. Repeatable."""
    await control.session.execute(delete(EmailChange).where(EmailChange.account_id == account_id))
    await spend_all(control, account_id, EMAIL)
