"""What modules leave when they are removed, and the way back.

Owns the folder of those archives. Emits nothing. Never decides whether a module comes or goes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from core.runtime import Runtime
from core.tenancy import plugin_archive
from core.tenancy.archive_files import MODULES
from core.tenancy.directory import Tenant
from tenants.marketplace import service_states
from tenants.marketplace.calls import Work, handlers
from tenants.marketplace.missed import forget_receipts
from tenants.process import installation


def place(runtime: Runtime, tenant: Tenant) -> Path:
    """Where the archives of a workspace are; they go with the workspace, and no sweep takes them."""
    return runtime.settings.home / "files" / tenant.schema / MODULES


async def take_out(work: Work, name: str) -> None:
    """Write all that a module holds into an archive, and remove its tables."""
    left = plugin_archive.Left(settings=work.row.settings, missing_since=work.row.disabled_at)
    await asyncio.to_thread(
        plugin_archive.export_and_drop,
        installation(work.runtime),
        work.tenant,
        work.module,
        place(work.runtime, work.tenant) / name,
        left,
    )


async def bring_back(work: Work, kept: Path) -> plugin_archive.Back:
    """Bring back all that a module left: rows and files, settings, and what it knows of events."""
    module, home = work.module, installation(work.runtime)
    back = await asyncio.to_thread(plugin_archive.restore, home, work.tenant, module.key, kept)
    own = handlers(work.runtime.registry, module)
    await work.run.step(f"{module.key}:receipts", forget_receipts, own, back.taken_at)
    await service_states.brought_back(work.runtime, work.tenant, module, work.operation_id, back)
    return back
