"""Reads of API keys: those of a workspace and of its sandbox, and what one was used for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from core.kernel.errors import NotFound
from core.tenancy.control import Control
from core.tenancy.directory import TenantRow
from tenants.api_keys.models import ApiKey, KeyRequest

MOST = 500


def of_workspace(tenant_id: UUID) -> ColumnElement[bool]:
    """The condition that keeps to the keys of a workspace, those of its sandbox included."""
    copies = select(TenantRow.id).where(TenantRow.sandbox_of == tenant_id)
    return or_(ApiKey.tenant_id == tenant_id, ApiKey.tenant_id.in_(copies))


def is_alive(now: datetime) -> ColumnElement[bool]:
    """The condition that keeps to the keys that work."""
    return ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)


async def keys(control: Control, tenant_id: UUID, *, ended: bool = False) -> Sequence[ApiKey]:
    """The newest keys of a workspace; with ``ended`` also those that work no more."""
    statement = select(ApiKey).where(of_workspace(tenant_id)).order_by(ApiKey.id.desc()).limit(MOST)
    if not ended:
        statement = statement.where(is_alive(control.now()))
    return (await control.session.scalars(statement)).all()


async def has_keys(ctx: Any) -> bool:
    """Whether the workspace ever made a key."""
    async with ctx.machinery.control() as control:
        found = select(ApiKey.id).where(of_workspace(ctx.tenant.id)).limit(1)
        return await control.session.scalar(found) is not None


async def one(control: Control, tenant_id: UUID, key_id: UUID) -> ApiKey:
    """A key of a workspace; raises :class:`NotFound`."""
    key = await control.session.scalar(select(ApiKey).where(of_workspace(tenant_id), ApiKey.id == key_id))
    if key is None:
        raise NotFound
    return key


async def living(control: Control, tenant_id: UUID) -> int:
    """How many keys of a workspace work."""
    counted = select(func.count()).select_from(ApiKey).where(of_workspace(tenant_id), is_alive(control.now()))
    return await control.session.scalar(counted) or 0


async def requests(
    control: Control, key_id: UUID, *, before: UUID | None = None, limit: int = 50
) -> Sequence[KeyRequest]:
    """What a key was used for, the latest first; ids follow time."""
    statement = select(KeyRequest).where(KeyRequest.key_id == key_id)
    if before is not None:
        statement = statement.where(KeyRequest.id < before)
    return (await control.session.scalars(statement.order_by(KeyRequest.id.desc()).limit(limit))).all()


async def sandbox_of(control: Control, tenant_id: UUID) -> UUID | None:
    """The sandbox of a workspace, where there is one."""
    found: UUID | None = await control.session.scalar(
        select(TenantRow.id).where(TenantRow.sandbox_of == tenant_id, TenantRow.state == "active")
    )
    return found
