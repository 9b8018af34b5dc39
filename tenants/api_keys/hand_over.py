"""What becomes of the keys of somebody who leaves: they end, or they go on with a successor's rights."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update

from core.tenancy.control import Control
from core.tenancy.directory import TenantRow
from tenants.api_keys import service
from tenants.api_keys.models import ApiKey


async def count_of(control: Control, tenant_id: UUID, member_id: UUID) -> int:
    """How many living keys a member has."""
    counted = select(func.count()).select_from(ApiKey).where(*_living(control, tenant_id, member_id))
    return await control.session.scalar(counted) or 0


async def revoke_of(control: Control, tenant_id: UUID, member_id: UUID) -> None:
    """End all keys of a member, each told by itself; harmless to repeat."""
    ids = await control.session.scalars(select(ApiKey.id).where(*_living(control, tenant_id, member_id)))
    for key_id in ids.all():
        await service.revoke(control, key_id)


async def transfer(control: Control, tenant_id: UUID, member_id: UUID, to_id: UUID) -> None:
    """Let all keys of a member act for another one from now on; harmless to repeat."""
    moved = update(ApiKey).where(*_living(control, tenant_id, member_id))
    await control.session.execute(moved.values(member_id=to_id))


def _living(control: Control, tenant_id: UUID, member_id: UUID) -> list[ColumnElement[bool]]:
    """A member's keys to the workspace and to its sandbox, where members have the same ids."""
    copies = select(TenantRow.id).where(TenantRow.sandbox_of == tenant_id)
    return [
        or_(ApiKey.tenant_id == tenant_id, ApiKey.tenant_id.in_(copies)),
        ApiKey.member_id == member_id,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > control.now()),
    ]
