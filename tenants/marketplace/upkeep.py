"""What is done now and then: modules brought up to their present version, counts of use trimmed.

Emits nothing. Never opens a workspace: what has to change there follows in a job.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core.runtime import Runtime
from core.tenancy import plugin_faults
from core.tenancy.directory import TenantPlugin
from core.tenancy.plugin_uses import KEPT_DAYS, trim
from tenants.marketplace import service
from tenants.marketplace.schema import KeepUp

EVERY_S = 300
NAME = "marketplace.keep_up"


async def keep_up(runtime: Runtime, _params: KeepUp) -> None:
    """Ask for upgrades of modules that are on in an earlier version; harmless to repeat, also at the same time."""
    modules = {key: one for key, one in runtime.registry.modules.items() if not one.error}
    async with runtime.control() as control:
        kept_from = control.now().date() - timedelta(days=KEPT_DAYS)
        await trim(control.session, kept_from)
        await plugin_faults.trim(control.session, kept_from)
        rows = await control.session.scalars(select(TenantPlugin).where(TenantPlugin.state == "enabled"))
        late = [
            row
            for row in rows
            if row.plugin in modules and row.version != modules[row.plugin].manifest.version
        ]
    for row in late:
        async with runtime.control() as control:
            await service.upgrade(control, row, modules[row.plugin].manifest.version)
