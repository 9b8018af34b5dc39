"""The verbs of accounts: create one, log in and out, join and leave a workspace, change the password."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.kernel.errors import Conflict, Invalid, NotFound
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.control import Control
from tenants.accounts import passwords
from tenants.accounts.events import PasswordChanged, SessionOpened, SessionRevoked
from tenants.accounts.log import tell
from tenants.accounts.models import VOUCHED, Account, Membership, Session
from tenants.accounts.proofs import digest, drop_change
from tenants.accounts.schema import AccountIn, PasswordIn
from tenants.accounts.second_factor.models import SecondFactor

SESSION_AGE = timedelta(days=30)
VOUCHERS = 2
"""How many claims of an address that administrators vouch for a login may mean."""
FORMER = timedelta(seconds=30)
"""How long a changed token of a session works besides the new one."""


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
    """The account of an address; claims of it that nobody has confirmed are none."""
    found: Account | None = await control.session.scalar(
        select(Account).where(Account.email == email.strip().lower(), Account.verify_by.is_(None))
    )
    return found


async def candidates(control: Control, email: str) -> list[Account | None]:
    """Whom a login with an address may mean, always as many: its account, and claims of it.

    Of those that administrators vouch for the first, so that none made later by somebody else is before them.
    """
    claims = select(Account).where(Account.email == email.strip().lower(), Account.verify_by.is_not(None))
    vouched = (
        claims.where(Account.verify_by == VOUCHED).order_by(Account.created_at, Account.id).limit(VOUCHERS)
    )
    found = list(await control.session.scalars(vouched))
    latest = claims.where(Account.verify_by != VOUCHED).order_by(Account.created_at.desc(), Account.id.desc())
    return [
        await by_email(control, email),
        *found,
        *[None] * (VOUCHERS - len(found)),
        await control.session.scalar(latest.limit(1)),
    ]


async def claiming(control: Control, email: str) -> Account | None:
    """The latest claim of an address, None without one; one that an administrator vouches for comes first."""
    found: Account | None = await control.session.scalar(
        select(Account)
        .where(Account.email == email.strip().lower(), Account.verify_by.is_not(None))
        .order_by((Account.verify_by == VOUCHED).desc(), Account.created_at.desc(), Account.id.desc())
        .limit(1)
    )
    return found


async def join(control: Control, account_id: UUID, tenant_id: UUID, member_id: UUID) -> None:
    """Make an account a member of a workspace, as a member row that the workspace already has; repeatable."""
    row = {"account_id": account_id, "tenant_id": tenant_id, "member_id": member_id}
    statement = insert(Membership).values(
        id=uuid7(), created_at=control.now(), updated_at=control.now(), **row
    )
    await control.session.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "tenant_id"], set_={"member_id": member_id}
        )
    )


async def leave(control: Control, tenant_id: UUID, member_id: UUID) -> None:
    """Close a workspace to whoever was that member."""
    await control.session.execute(
        delete(Membership).where(Membership.tenant_id == tenant_id, Membership.member_id == member_id)
    )


async def known(control: Control, email: str, password: str) -> Account:
    """The account that a password opens, or else the latest claim of the address.

    An unknown address and a wrong password raise the same :class:`Invalid` after the same work.
    """
    return await opened_by(password, *await candidates(control, email))


async def opened_by(password: str, *accounts: Account | None) -> Account:
    """The first of these that a password opens; each costs the same, also where there is none."""
    stored = [account.password_hash if account else None for account in accounts]
    found = await asyncio.gather(*(passwords.matches(password, one) for one in stored))
    for account, is_equal in zip(accounts, found, strict=True):
        if account is not None and is_equal:
            return account
    raise Invalid.field("password", "login", N_("E-mail or password is wrong."))


async def sign_in(control: Control, account: Account, *, user_agent: str = "", address: str = "") -> str:
    """Open a session for whoever signs in; emits session.opened, which waits for the second step where there is one."""
    owes = select(SecondFactor.id).where(
        SecondFactor.account_id == account.id, SecondFactor.confirmed_at.is_not(None)
    )
    if await control.session.scalar(owes) is None:
        await tell(control, SessionOpened(subject_id=account.id, user_agent=user_agent[:300]))
    return await open_session(control, account, user_agent=user_agent, address=address)


async def open_session(control: Control, account: Account, *, user_agent: str = "", address: str = "") -> str:
    """Open a session of an account and return its token, telling nobody; those that are over go."""
    token = secrets.token_urlsafe(32)
    now = control.now()
    over = (Session.account_id == account.id, Session.expires_at <= now)
    await control.session.execute(delete(Session).where(*over))
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


async def revoke(control: Control, account_id: UUID, session_id: UUID) -> None:
    """End one session of an account; raises :class:`NotFound` where it is nobody's or somebody else's."""
    statement = delete(Session).where(Session.id == session_id, Session.account_id == account_id)
    if (await control.session.execute(statement.returning(Session.id))).first() is None:
        raise NotFound
    await tell(control, SessionRevoked(subject_id=account_id))


async def log_out_others(control: Control, account_id: UUID, *, but: UUID | None = None) -> None:
    """End all sessions of an account except the present one."""
    statement = delete(Session).where(Session.account_id == account_id).returning(Session.id)
    gone = await control.session.scalars(statement.where(Session.id != but) if but else statement)
    if count := len(gone.all()):
        await tell(control, SessionRevoked(subject_id=account_id, count=count))


async def grow_stale(control: Control, account_id: UUID) -> None:
    """Have every session of an account take a new token with its next page: what it may do has changed."""
    await control.session.execute(
        update(Session).where(Session.account_id == account_id).values(is_stale=True)
    )


async def renew(control: Control, session_id: UUID, token_hash: bytes) -> str | None:
    """Give a session another token; None where another request has done so."""
    token = secrets.token_urlsafe(32)
    changed = (
        update(Session)
        .where(Session.id == session_id, Session.token_hash == token_hash)
        .values(token_hash=digest(token), former_hash=token_hash, changed_at=control.now(), is_stale=False)
        .returning(Session.id)
    )
    return token if (await control.session.execute(changed)).first() else None


async def sessions_of(control: Control, account_id: UUID) -> list[Session]:
    """Where an account is signed in, the latest first."""
    statement = select(Session).where(Session.account_id == account_id, Session.expires_at > control.now())
    return list(await control.session.scalars(statement.order_by(Session.last_seen_at.desc())))


async def change_password(control: Control, account_id: UUID, data: PasswordIn, *, session_id: UUID) -> None:
    """Set a new password after checking the present one, and end all other sessions."""
    account = await control.session.get(Account, account_id)
    if account is None:
        raise NotFound
    if not await passwords.matches(data.current, account.password_hash):
        raise Invalid.field("current", "password", N_("This is not your present password."))
    account.password_hash = await passwords.hashed(data.new)
    await drop_change(control, account.id)
    await tell(control, PasswordChanged(subject_id=account.id))
    await log_out_others(control, account_id, but=session_id)
    await grow_stale(control, account_id)
