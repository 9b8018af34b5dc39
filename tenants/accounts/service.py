"""The verbs of accounts: create one, log in and out, join a workspace, change the password."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.i18n import N_
from core.tenancy.ctx import Control
from tenants.accounts import passwords
from tenants.accounts.models import Account, Membership, Session
from tenants.accounts.schema import AccountIn, PasswordIn

SESSION_AGE = timedelta(days=30)


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


async def create(control: Control, data: AccountIn) -> Account:
    """Create an account; raises :class:`Conflict` where the address has one."""
    if await by_email(control, data.email):
        raise Conflict(N_("This e-mail address already has an account."))
    account = Account(
        email=data.email,
        name=data.name,
        locale=data.locale,
        password_hash=await passwords.hashed(data.password),
    )
    control.session.add(account)
    await control.session.flush()
    return account


async def by_email(control: Control, email: str) -> Account | None:
    """The account of an address."""
    found: Account | None = await control.session.scalar(
        select(Account).where(Account.email == email.strip().lower())
    )
    return found


async def join(control: Control, account: Account, tenant_id: UUID, member_id: UUID) -> Membership:
    """Make an account a member of a workspace, as a member row that the workspace already has."""
    membership = Membership(account_id=account.id, tenant_id=tenant_id, member_id=member_id)
    control.session.add(membership)
    await control.session.flush()
    return membership


async def log_in(
    control: Control, email: str, password: str, *, user_agent: str = "", address: str = ""
) -> tuple[str, Account]:
    """Check a password and open a session; the token is returned once and never stored.

    An unknown address and a wrong password raise the same :class:`Invalid` after the same work.
    """
    account = await by_email(control, email)
    stored = account.password_hash if account else None
    if not await passwords.matches(password, stored) or account is None:
        raise Invalid.field("password", "login", N_("E-mail or password is wrong."))
    return await open_session(control, account, user_agent=user_agent, address=address), account


async def open_session(control: Control, account: Account, *, user_agent: str = "", address: str = "") -> str:
    """Open a session of an account and return its token."""
    token = secrets.token_urlsafe(32)
    now = control.now()
    control.session.add(
        Session(
            token_hash=digest(token),
            account_id=account.id,
            expires_at=now + SESSION_AGE,
            last_seen_at=now,
            user_agent=user_agent[:300],
            address=address,
        )
    )
    await control.session.flush()
    return token


async def log_out(control: Control, session_id: UUID) -> None:
    """End a session; within a second no process accepts it any more."""
    await control.session.execute(delete(Session).where(Session.id == session_id))


async def log_out_others(control: Control, account_id: UUID, *, but: UUID | None = None) -> None:
    """End all sessions of an account except the present one."""
    await control.session.execute(delete(Session).where(Session.account_id == account_id, Session.id != but))


async def change_password(control: Control, account_id: UUID, data: PasswordIn, *, session_id: UUID) -> None:
    """Set a new password after checking the present one, and end all other sessions."""
    account = await control.session.get(Account, account_id)
    if account is None:
        raise NotFound
    if not await passwords.matches(data.current, account.password_hash):
        raise Invalid.field("current", "password", N_("This is not your present password."))
    account.password_hash = await passwords.hashed(data.new)
    await log_out_others(control, account_id, but=session_id)
