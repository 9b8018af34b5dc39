"""Modules whose background work rests after many failures: noted where every page can read it without a question.

Owns the notices of the directory that begin with ``resting:``. Emits nothing. Never says why: that is in the workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import Text, cast, update
from sqlalchemy.dialects.postgresql import JSONB

from core.tenancy.directory import TenantRow

if TYPE_CHECKING:
    from core.tenancy.ctx import Ctx

PREFIX: Final = "resting:"
SLACK: Final = timedelta(minutes=2)
"""The next try begins a little after the rest: until it has ended, the module is not well."""


async def note(runtime: Any, tenant_id: UUID, plugin: str, until: datetime | None) -> None:
    """Note until when a module's background work rests in a workspace, or that it works again."""
    name = PREFIX + plugin
    less = TenantRow.notices.op("-", return_type=JSONB())(cast(name, Text()))
    more = (
        TenantRow.notices.op("||", return_type=JSONB())(cast({name: until.isoformat()}, JSONB()))
        if until
        else less
    )
    async with runtime.control() as control:
        await control.session.execute(update(TenantRow).where(TenantRow.id == tenant_id).values(notices=more))
        await control.touch(tenant_id)


def resting(ctx: Ctx) -> Mapping[str, datetime]:
    """Until when the background work of which modules of the workspace rests."""
    registry, notices = ctx.machinery.registry, ctx.tenant.notices
    found = {
        name.removeprefix(PREFIX): datetime.fromisoformat(text)
        for name, text in notices.items()
        if name.startswith(PREFIX)
    }
    return {
        plugin: until
        for plugin, until in sorted(found.items())
        if until > ctx.now() - SLACK and registry.is_on(plugin, ctx.tenant.plugins)
    }
