"""The keys that remote apps have: paused with their app, narrowed and widened with it, ended with it.

Whoever may decide about an app decides about its keys; none of these verbs shows one.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update

from core.tenancy.control import Control
from tenants.api_keys import events
from tenants.api_keys.models import ApiKey, KeyRequest
from tenants.api_keys.queries import is_alive
from tenants.api_keys.service import tell


async def living(control: Control, app_id: UUID) -> Sequence[ApiKey]:
    """The keys of an app that work, or would if it were not paused."""
    found = select(ApiKey).where(ApiKey.app_id == app_id, is_alive(control.now()))
    return (await control.session.scalars(found.order_by(ApiKey.id.desc()))).all()


async def pause(control: Control, app_id: UUID, *, is_paused: bool) -> None:
    """Let an app's keys rest, or work again; within a second every process knows."""
    moved = update(ApiKey).where(ApiKey.app_id == app_id)
    await control.session.execute(moved.values(paused_at=control.now() if is_paused else None))


async def rescope(control: Control, app_id: UUID, scopes: Sequence[str]) -> None:
    """Let an app's keys reach so far from now on."""
    for key in await living(control, app_id):
        key.scopes = sorted(scopes)


async def end(control: Control, app_id: UUID, *, but_of: UUID | None = None) -> None:
    """End an app's keys at once, or those that are not a certain member's. Emits ``api_key.revoked`` for each."""
    for key in await living(control, app_id):
        if key.member_id == but_of:
            continue
        key.revoked_at = control.now()
        await tell(control, key, events.KeyRevoked(subject_id=key.id, label=key.name))


async def requests(control: Control, app_id: UUID, *, limit: int = 20) -> Sequence[KeyRequest]:
    """What an app's keys were used for, the latest first."""
    keys = select(ApiKey.id).where(ApiKey.app_id == app_id)
    found = select(KeyRequest).where(KeyRequest.key_id.in_(keys)).order_by(KeyRequest.id.desc())
    return (await control.session.scalars(found.limit(limit))).all()
