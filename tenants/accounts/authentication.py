"""Who sends a request with a session cookie: remembered for at most a second in each process."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie
from sqlalchemy import Select, and_, or_, select, update

from core.kernel.db import utc_now
from core.kernel.errors import Forbidden, Unauthenticated
from core.kernel.i18n import N_
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.tenancy.directory import TenantRow
from core.tenancy.sandboxes import live_slug
from tenants.accounts.models import Account, Membership, Session
from tenants.accounts.proofs import digest
from tenants.accounts.sandboxes import copy_of
from tenants.accounts.second_factor.models import SecondFactor, SignInPolicy
from tenants.accounts.service import FORMER, SESSION_AGE, renew

COOKIE = "gx_session"
TTL_S = 1.0
KEPT = 10_000
SEEN_EVERY = timedelta(minutes=5)
SECOND_STEP = ("/login/code", "/logout")
OWN_PAGES = ("/w/", "/join/", "/second-factor", "/workspaces", "/email")
READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with the workspaces that its account opens: slug → (name, member)."""

    session_id: UUID
    account_id: UUID
    name: str
    workspaces: dict[str, tuple[str, UUID]]
    verify_by: datetime | None = None
    is_stale: bool = False
    awaits_code: bool = False
    lacking: frozenset[str] = frozenset()
    """The workspaces that demand two-step sign-in, which the account does not have."""


_kept: OrderedDict[tuple[int, bytes], tuple[float, SignedIn]] = OrderedDict()


async def authenticate(runtime: Runtime, request: Request[Any, Any, Any]) -> Principal | None:
    """The principal of a request's session cookie; the workspace is the one in its path."""
    token = request.cookies.get(COOKIE, "")
    path = str(request.scope["path"])
    if not token or path.startswith(("/api/", "/static/", "/health/")):
        return None
    signed_in = await _session(runtime, digest(token))
    if signed_in is None:
        return None
    slug = path.split("/")[2] if path.startswith("/w/") else ""
    home = live_slug(slug) or slug
    if signed_in.awaits_code and not path.startswith(SECOND_STEP):
        ask_for_code(path)
        return None
    if home in signed_in.lacking:
        raise Unauthenticated(headers={"Location": f"/second-factor?next={quote(path)}"})
    # A stream asks again and again who it is for, when it is too late to send a cookie.
    if "gx.principal" not in request.scope:
        method = str(request.scope["method"])
        if signed_in.is_stale and method == "GET":
            await _renew(runtime, request, signed_in.session_id, token)
        if slug:
            refuse_unconfirmed(signed_in.verify_by, method)
    member_id = signed_in.workspaces.get(home, ("", None))[1]
    tenant = await runtime.directory.by_slug(home) if member_id else None
    if tenant is not None and home != slug:
        tenant = await copy_of(runtime, tenant, Principal(kind="member", member_id=member_id))
    return Principal(
        kind="member",
        tenant=tenant,
        member_id=member_id if tenant is not None else None,
        account_id=signed_in.account_id,
        session_id=signed_in.session_id,
        name=signed_in.name,
        csrf=csrf_token(runtime, signed_in.session_id),
        verify_by=signed_in.verify_by,
        workspaces=tuple((slug, found[0]) for slug, found in signed_in.workspaces.items()),
    )


def ask_for_code(path: str) -> None:
    """Ask for the second step before anything of an account's own; elsewhere its holder is a stranger."""
    if path == "/" or path.startswith(OWN_PAGES):
        raise Unauthenticated(headers={"Location": f"/login/code?next={quote(path)}"})


def refuse_unconfirmed(verify_by: datetime | None, method: str) -> None:
    """Keep an account whose time to confirm its address is over to reading; nothing of its work is lost."""
    if verify_by is not None and method not in READING and verify_by <= utc_now():
        raise Forbidden(
            N_("Confirm your e-mail address to go on working here"),
            code="account.unconfirmed",
            detail=N_(
                "Everything is still here, and you can read it. The link is in the mail that we sent you."
            ),
        )


def csrf_token(runtime: Runtime, session_id: UUID) -> str:
    """The token that forms of a session carry."""
    return hmac.new(runtime.settings.secret_key, b"csrf" + session_id.bytes, hashlib.sha256).hexdigest()


def session_cookie(runtime: Runtime, token: str) -> Cookie:
    """The cookie that holds a session's token."""
    return Cookie(
        key=COOKIE,
        value=token,
        path="/",
        max_age=int(SESSION_AGE.total_seconds()),
        httponly=True,
        secure=runtime.settings.public_url.startswith("https:"),
        samesite="lax",
    )


def forget(runtime: Runtime, token: str) -> None:
    """Drop a session from this process's memory at once."""
    _kept.pop((id(runtime), digest(token)), None)


async def _renew(runtime: Runtime, request: Request[Any, Any, Any], session_id: UUID, token: str) -> None:
    """Give a session a new token and send it with the answer; the first of several requests does it."""
    async with runtime.control() as control:
        fresh = await renew(control, session_id, digest(token))
    forget(runtime, token)
    if fresh is not None:
        request.scope["gx.cookies"] = [session_cookie(runtime, fresh)]  # type: ignore[typeddict-unknown-key]


async def _session(runtime: Runtime, token_hash: bytes) -> SignedIn | None:
    key = (id(runtime), token_hash)
    found = _kept.get(key)
    if found and found[0] > time.monotonic():
        return found[1]
    signed_in = await _read(runtime, token_hash)
    if signed_in is None:
        _kept.pop(key, None)
        return None
    _kept[key] = (time.monotonic() + TTL_S, signed_in)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return signed_in


def _statement(token_hash: bytes, now: datetime) -> Select[*tuple[Any, ...]]:
    is_former = and_(Session.former_hash == token_hash, Session.changed_at > now - FORMER)
    return (
        select(
            Session.id,
            Session.last_seen_at,
            Account.id,
            Account.name,
            Account.verify_by,
            Session.is_stale,
            TenantRow.slug,
            TenantRow.name,
            Membership.member_id,
            SecondFactor.confirmed_at,
            Session.second_factor_at,
            SignInPolicy.demanded_at,
        )
        .join(Account, Account.id == Session.account_id)
        .outerjoin(Membership, Membership.account_id == Account.id)
        # Nobody is a member of a sandbox: the way there leads through the workspace itself.
        .outerjoin(TenantRow, and_(TenantRow.id == Membership.tenant_id, TenantRow.sandbox_of.is_(None)))
        .outerjoin(SecondFactor, SecondFactor.account_id == Account.id)
        .outerjoin(SignInPolicy, SignInPolicy.tenant_id == Membership.tenant_id)
        .where(or_(Session.token_hash == token_hash, is_former), Session.expires_at > now)
        .order_by(Membership.created_at)
    )


async def _read(runtime: Runtime, token_hash: bytes) -> SignedIn | None:
    now = utc_now()
    statement = _statement(token_hash, now)
    async with runtime.control() as control:
        rows = (await control.session.execute(statement)).all()
        if not rows:
            return None
        session_id, seen_at, account_id, name, verify_by, is_stale = rows[0][:6]
        if seen_at < now - SEEN_EVERY:
            await control.session.execute(
                update(Session).where(Session.id == session_id).values(last_seen_at=now)
            )
    confirmed_at, passed_at = rows[0][9:11]
    awaits_code = confirmed_at is not None and passed_at is None
    opened = () if awaits_code else rows
    workspaces = {row[6]: (row[7], row[8]) for row in opened if row[6]}
    lacking = frozenset(str(row[6]) for row in opened if row[11] is not None and confirmed_at is None)
    return SignedIn(
        session_id,
        account_id,
        name,
        workspaces,
        verify_by,
        is_stale,
        awaits_code,
        lacking,
    )
