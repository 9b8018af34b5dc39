"""How the state of a module moves on as the work in its workspace gets done.

Every function is one transaction in the control plane and does nothing where a later wish has taken the place of
the one that it carries out.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.ext.registry import Module
from core.runtime import Runtime
from core.tenancy.control import Control
from core.tenancy.directory import Tenant, TenantPlugin
from core.tenancy.plugin_archive import Back
from tenants.marketplace import events

PROBLEM_LENGTH = 500


async def current(runtime: Runtime, tenant_id: UUID, plugin: str) -> TenantPlugin | None:
    """The row of a module as it stands."""
    async with runtime.control() as control:
        return await control.session.get(TenantPlugin, (tenant_id, plugin))


async def enabled(runtime: Runtime, tenant: Tenant, module: Module, operation_id: UUID) -> None:
    """Let a module serve the workspace from now on. Emits plugin.enabled."""
    async with runtime.control() as control:
        row = await _mine(control, tenant.id, module.key, operation_id)
        if row is None or (row.state, row.version) == ("enabled", module.manifest.version):
            return
        row.state, row.problem, row.version = "enabled", "", module.manifest.version
        row.archive, row.updated_at = "", control.now()
        _tell(control, tenant, events.PluginEnabled, module)
        await control.touch(tenant.id)


async def brought_back(
    runtime: Runtime, tenant: Tenant, module: Module, operation_id: UUID, back: Back
) -> None:
    """Let a module be as it was when it was removed, secrets left out: its version, its settings, what it misses."""
    async with runtime.control() as control:
        row = await _mine(control, tenant.id, module.key, operation_id)
        if row is not None:
            row.version, row.settings = back.version, back.left.settings
            row.disabled_at = back.left.missing_since
            await control.touch(tenant.id)


async def uninstalled(
    runtime: Runtime, tenant: Tenant, module: Module, operation_id: UUID, archive: str
) -> None:
    """Note that a module's tables are gone, and the name of the archive of what they held. Emits plugin.uninstalled."""
    async with runtime.control() as control:
        row = await _mine(control, tenant.id, module.key, operation_id)
        if row is None or row.state == "uninstalled":
            return
        row.state, row.problem, row.version, row.disabled_at = "uninstalled", "", "", None
        row.archive, row.settings, row.secrets = archive, {}, {}
        _tell(control, tenant, events.PluginUninstalled, module)
        await control.touch(tenant.id)


async def failed(
    runtime: Runtime, tenant: Tenant, module: Module, operation_id: UUID, error: Exception
) -> None:
    """Say what went wrong; the work may still be tried again. Emits plugin.failed."""
    problem = f"{type(error).__name__}: {error}"[:PROBLEM_LENGTH]
    async with runtime.control() as control:
        row = await _mine(control, tenant.id, module.key, operation_id)
        if row is None or row.problem == problem:
            return
        # What is on stays on: what it missed is then told later.
        row.state, row.problem = "enabled" if row.state == "enabled" else "failed", problem
        _tell(control, tenant, events.PluginFailed, module, problem=problem)
        await control.touch(tenant.id)


async def _mine(control: Control, tenant_id: UUID, plugin: str, operation_id: UUID) -> TenantPlugin | None:
    chosen = select(TenantPlugin).filter_by(tenant_id=tenant_id, plugin=plugin, operation_id=operation_id)
    return (await control.session.scalars(chosen.with_for_update())).one_or_none()


def _tell(
    control: Control, tenant: Tenant, event: type[events.PluginEvent], module: Module, **more: Any
) -> None:
    what = event(subject_id=tenant.id, label=module.manifest.title, plugin=module.key, **more)
    control.emit(what, tenant_id=tenant.id)
