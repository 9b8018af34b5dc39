"""The verbs of API keys: issue, rotate and revoke. None of them is a key's to do."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from core.kernel.errors import Forbidden, NotFound
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.directory import TenantRow
from core.tenancy.limits import exceeded
from tenants.api_keys import events, format
from tenants.api_keys.models import ApiKey
from tenants.api_keys.queries import is_alive

WAYS = (":read", ":write")


def digest(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIn:
    """A key to make; ``tenant_id`` is the workspace that it acts on, ``member_id`` whose rights it has."""

    tenant_id: UUID
    member_id: UUID
    name: str
    scopes: Sequence[str]
    mode: format.Mode = "live"
    expires_at: datetime | None = None
    app_id: UUID | None = None


async def issue(control: Control, data: KeyIn) -> tuple[str, ApiKey]:
    """Make a key; its text is returned once and never stored. No scope means no right at all.

    Raises ``PaymentRequired`` where the plan has no room for one more. Emits ``api_key.created``.
    """
    await _require_room(control, data.tenant_id)
    text, key = await _make(control, data)
    created = events.KeyCreated(
        subject_id=key.id, label=key.name, mode=key.mode, scopes=tuple(sorted(key.scopes))
    )
    await tell(control, key, created)
    return text, key


async def rotate(control: Control, key_id: UUID, *, overlap: timedelta) -> tuple[str, ApiKey]:
    """Issue a successor with the same rights and as long a life; the old key dies after the overlap, or before.

    For the overlap the plan may be exceeded by one key; without it, whatever the plan, a key can be rotated.
    Emits ``api_key.rotated``.
    """
    old, now = await _living(control, key_id), control.now()
    has_expired = old.expires_at is not None and old.expires_at <= now
    if has_expired or overlap:
        await _require_room(control, old.tenant_id, adding=int(has_expired))
    successor = KeyIn(
        tenant_id=old.tenant_id,
        member_id=old.member_id,
        name=old.name,
        scopes=old.scopes,
        mode="live" if old.mode == "live" else "test",
        expires_at=now + (old.expires_at - old.created_at) if old.expires_at else None,
        app_id=old.app_id,
    )
    text, key = await _make(control, successor)
    old.expires_at = min(old.expires_at or now + overlap, now + overlap)
    rotated = events.KeyRotated(subject_id=old.id, label=old.name, until=old.expires_at.isoformat())
    await tell(control, old, rotated)
    return text, key


async def revoke(control: Control, key_id: UUID) -> None:
    """End a key; within a second no process accepts it any more. Emits ``api_key.revoked``."""
    key = await _living(control, key_id)
    key.revoked_at = control.now()
    await tell(control, key, events.KeyRevoked(subject_id=key.id, label=key.name))


async def _require_room(control: Control, tenant_id: UUID, *, adding: int = 1) -> None:
    """Count under the lock of the workspace's row, so that two requests at once do not take the same place."""
    row = select(TenantRow.limits).where(TenantRow.id == tenant_id).with_for_update(key_share=True)
    limits = await control.session.scalar(row)
    if not limits or "api_keys" not in limits:
        return
    living = (ApiKey.tenant_id == tenant_id, is_alive(control.now()))
    used = await control.session.scalar(select(func.count()).select_from(ApiKey).where(*living)) or 0
    if used + adding > limits["api_keys"]:
        raise exceeded("api_keys", used=used, limit=limits["api_keys"])


async def _make(control: Control, data: KeyIn) -> tuple[str, ApiKey]:
    _refuse_keys(control)
    text = format.new(data.mode)
    key = ApiKey(
        tenant_id=data.tenant_id,
        member_id=data.member_id,
        name=data.name,
        mode=data.mode,
        hint=f"{text[:12]}…{text[-4:]}",
        key_hash=digest(text),
        scopes=sorted({scope for scope in data.scopes if scope.endswith(WAYS)}),
        expires_at=data.expires_at,
        app_id=data.app_id,
    )
    control.session.add(key)
    await control.session.flush()
    return text, key


async def tell(control: Control, key: ApiKey, event: Event) -> None:
    """Write into the log of the workspace itself, also where the key acts on its sandbox."""
    home = select(func.coalesce(TenantRow.sandbox_of, TenantRow.id)).where(TenantRow.id == key.tenant_id)
    control.emit(event, tenant_id=await control.session.scalar(home) or key.tenant_id)


async def _living(control: Control, key_id: UUID) -> ApiKey:
    _refuse_keys(control)
    key = await control.session.get(ApiKey, key_id)
    if key is None or key.revoked_at is not None:
        raise NotFound
    return key


def _refuse_keys(control: Control) -> None:
    if control.principal is not None and control.principal.kind == "key":
        raise Forbidden(detail=N_("An API key cannot manage API keys."))
