"""Who sends a request with an API key: remembered for at most a second in each process."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from litestar import Request
from sqlalchemy import and_, bindparam, or_, select, update

from core.kernel.db import utc_now
from core.kernel.errors import Unauthenticated
from core.kernel.i18n import N_
from core.kernel.statements import Statement
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.web.middleware import Answered
from core.web.request import is_api
from tenants.accounts.authentication import refuse_unconfirmed
from tenants.accounts.models import Account, Membership
from tenants.api_keys.format import is_wellformed
from tenants.api_keys.models import ApiKey
from tenants.api_keys.request_log import request_log
from tenants.api_keys.service import digest

TTL_S = 1.0
KEPT = 10_000
USED_EVERY = timedelta(minutes=1)

_KEY = Statement(
    select(
        ApiKey.id,
        ApiKey.tenant_id,
        ApiKey.member_id,
        ApiKey.mode,
        ApiKey.name,
        ApiKey.scopes,
        ApiKey.last_used_at,
        Account.verify_by,
    )
    .outerjoin(
        Membership,
        and_(Membership.tenant_id == ApiKey.tenant_id, Membership.member_id == ApiKey.member_id),
    )
    .outerjoin(Account, Account.id == Membership.account_id)
    .where(
        ApiKey.key_hash == bindparam("key_hash"),
        ApiKey.revoked_at.is_(None),
        ApiKey.paused_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > bindparam("now")),
    )
)
"""What is read of every key in use, once a second by each process."""

_kept: OrderedDict[tuple[int, bytes], tuple[float, Principal]] = OrderedDict()
_reading: dict[tuple[int, bytes], asyncio.Task[Principal | None]] = {}


async def authenticate(runtime: Runtime, request: Request[Any, Any, Any]) -> Principal | None:
    """The principal of a request's bearer key; a key that does not work is an error, not a stranger.

    A key opens the API alone: pages take their workspace from the address, and their forms ask for a session.
    """
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not is_api(request):
        return None
    text = text.strip()
    principal = await _principal(runtime, text) if is_wellformed(text) else None
    if principal is None:
        raise Unauthenticated(
            N_("This API key does not work"), code="auth.key", headers={"WWW-Authenticate": "Bearer"}
        )
    refuse_unconfirmed(principal.verify_by, str(request.scope["method"]))
    address = request.client.host if request.client else ""
    request.scope["gx.answered"] = partial(_note, runtime, principal, address)  # type: ignore[typeddict-unknown-key]
    return principal


def _note(runtime: Runtime, principal: Principal, address: str, answered: Answered) -> None:
    row = {
        "tenant_id": principal.tenant.id if principal.tenant else None,
        "key_id": principal.key_id,
        "at": runtime.clock.now(),
        "method": answered.method,
        "route": answered.route,
        "status": answered.status,
        "ms": round(answered.seconds * 1000),
        "request_id": answered.request_id,
        "address": address,
    }
    request_log(runtime).note(row)


async def _principal(runtime: Runtime, text: str) -> Principal | None:
    memory = (id(runtime), digest(text))
    found = _kept.get(memory)
    if found and found[0] > time.monotonic():
        return await _present(runtime, found[1])
    task = _reading.get(memory)
    if task is None:
        # Requests that come together with one key, after a restart of the database for one, read it once.
        task = _reading[memory] = asyncio.create_task(_read(runtime, memory[1]))
        task.add_done_callback(partial(_finish, memory))
    principal = await asyncio.shield(task)
    if principal is None:
        _kept.pop(memory, None)
        return None
    _kept[memory] = (time.monotonic() + TTL_S, principal)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return principal


async def _present(runtime: Runtime, principal: Principal) -> Principal:
    """The principal with the workspace as the directory has it now: what was switched off there is off at once."""
    tenant = await runtime.directory.by_id(principal.tenant.id) if principal.tenant else None
    return principal if tenant is None or tenant is principal.tenant else replace(principal, tenant=tenant)


def _finish(memory: tuple[int, bytes], done: asyncio.Task[Principal | None]) -> None:
    _reading.pop(memory, None)
    if not done.cancelled():
        done.exception()


async def _read(runtime: Runtime, key_hash: bytes) -> Principal | None:
    now = utc_now()
    async with runtime.control() as control:
        rows = await control.session.run(_KEY, {"key_hash": key_hash, "now": now})
        if not rows:
            return None
        key = rows[0]
        if key.last_used_at is None or key.last_used_at < now - USED_EVERY:
            await control.session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now))
    # After the transaction: the directory needs a connection of its own, and waiting for one while holding one
    # would stop everybody as soon as all are held.
    tenant = await runtime.directory.by_id(key.tenant_id)
    # A test key that points at a live workspace must do nothing at all.
    if tenant is None or (key.mode == "test") != (tenant.sandbox_of is not None):
        return None
    return Principal(
        kind="key",
        tenant=tenant,
        member_id=key.member_id,
        key_id=key.id,
        scopes=frozenset(key.scopes),
        name=key.name,
        verify_by=key.verify_by,
    )
