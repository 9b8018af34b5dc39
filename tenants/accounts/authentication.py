"""Who sends a request with a session cookie: remembered for at most a second in each process."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy import select, update

from core.kernel.db import utc_now
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.tenancy.directory import TenantRow
from tenants.accounts.models import Account, Membership, Session
from tenants.accounts.service import digest

COOKIE = "gx_session"
TTL_S = 1.0
KEPT = 10_000
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with the workspaces that its account opens: slug → (name, member)."""

    session_id: UUID
    account_id: UUID
    name: str
    workspaces: dict[str, tuple[str, UUID]]
    is_provisional: bool = False


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
    member_id = signed_in.workspaces.get(slug, ("", None))[1]
    return Principal(
        kind="member",
        tenant=await runtime.directory.by_slug(slug) if member_id else None,
        member_id=member_id,
        account_id=signed_in.account_id,
        session_id=signed_in.session_id,
        name=signed_in.name,
        csrf=csrf_token(runtime, token),
        workspaces=tuple((slug, found[0]) for slug, found in signed_in.workspaces.items()),
    )


def csrf_token(runtime: Runtime, token: str) -> str:
    """The token that forms of a session carry."""
    return hmac.new(runtime.settings.secret_key, b"csrf" + token.encode(), hashlib.sha256).hexdigest()


def forget(runtime: Runtime, token: str) -> None:
    """Drop a session from this process's memory at once."""
    _kept.pop((id(runtime), digest(token)), None)


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


async def _read(runtime: Runtime, token_hash: bytes) -> SignedIn | None:
    now = utc_now()
    statement = (
        select(
            Session.id,
            Session.last_seen_at,
            Account.id,
            Account.name,
            Account.is_provisional,
            TenantRow.slug,
            TenantRow.name,
            Membership.member_id,
        )
        .join(Account, Account.id == Session.account_id)
        .outerjoin(Membership, Membership.account_id == Account.id)
        .outerjoin(TenantRow, TenantRow.id == Membership.tenant_id)
        .where(Session.token_hash == token_hash, Session.expires_at > now)
        .order_by(Membership.created_at)
    )
    async with runtime.control() as control:
        rows = (await control.session.execute(statement)).all()
        if not rows:
            return None
        session_id, seen_at, account_id, name, is_provisional = rows[0][:5]
        if seen_at < now - SEEN_EVERY:
            await control.session.execute(
                update(Session).where(Session.id == session_id).values(last_seen_at=now)
            )
    # A password that somebody else knows opens no workspace.
    opened = () if is_provisional else rows
    workspaces = {row[5]: (row[6], row[7]) for row in opened if row[5]}
    return SignedIn(session_id, account_id, name, workspaces, is_provisional)
