"""The verbs of API keys: issue, rotate and revoke."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from core.kernel.errors import NotFound
from core.tenancy.control import Control
from core.tenancy.directory import TenantRow
from core.tenancy.limits import exceeded
from tenants.api_keys import format
from tenants.api_keys.models import ApiKey


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


async def issue(control: Control, data: KeyIn) -> tuple[str, ApiKey]:
    """Make a key; its text is returned once and never stored. No scope means no right at all.

    Raises ``PaymentRequired`` where the plan has no room for one more.
    """
    limits = await control.session.scalar(select(TenantRow.limits).where(TenantRow.id == data.tenant_id))
    if limits and "api_keys" in limits:
        living = (
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > control.now()),
        )
        counting = select(func.count()).select_from(ApiKey).where(ApiKey.tenant_id == data.tenant_id, *living)
        used = await control.session.scalar(counting) or 0
        if used >= limits["api_keys"]:
            raise exceeded("api_keys", used=used, limit=limits["api_keys"])
    return await _make(control, data)


async def _make(control: Control, data: KeyIn) -> tuple[str, ApiKey]:
    text = format.new(data.mode)
    key = ApiKey(
        tenant_id=data.tenant_id,
        member_id=data.member_id,
        name=data.name,
        mode=data.mode,
        hint=f"{text[:12]}…{text[-4:]}",
        key_hash=digest(text),
        scopes=sorted(set(data.scopes)),
        expires_at=data.expires_at,
    )
    control.session.add(key)
    await control.session.flush()
    return text, key


async def rotate(control: Control, key_id: UUID, *, overlap: timedelta) -> tuple[str, ApiKey]:
    """Issue a successor with the same rights and as long a life; the old key dies after the overlap, or before."""
    old, now = await _living(control, key_id), control.now()
    successor = KeyIn(
        tenant_id=old.tenant_id,
        member_id=old.member_id,
        name=old.name,
        scopes=old.scopes,
        mode="live" if old.mode == "live" else "test",
        expires_at=now + (old.expires_at - old.created_at) if old.expires_at else None,
    )
    text, key = await _make(control, successor)
    old.expires_at = min(old.expires_at or now + overlap, now + overlap)
    return text, key


async def revoke(control: Control, key_id: UUID) -> None:
    """End a key; within a second no process accepts it any more."""
    (await _living(control, key_id)).revoked_at = control.now()


async def _living(control: Control, key_id: UUID) -> ApiKey:
    key = await control.session.get(ApiKey, key_id)
    if key is None or key.revoked_at is not None:
        raise NotFound
    return key
