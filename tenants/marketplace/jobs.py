"""The work that a switch causes in a workspace: tables, the module's own preparation, and what it missed.

Killed at any point, each job begins again and finds what it has done: tables by their versions, steps by their
receipts, states by the operation that they belong to.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from core.ext.registry import Module
from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.kernel.jobs import GiveUp, JobRun, Postpone
from core.runtime import Runtime
from core.tenancy import ddl, plugin_archive
from core.tenancy.components import plugin_component
from core.tenancy.directory import Tenant, TenantPlugin
from tenants.marketplace import service, service_states
from tenants.marketplace.calls import archives, catch_up, clear, prepare
from tenants.marketplace.schema import Remove, SwitchOn

SETTLE_S: Final = 1.5
"""How long after a switch some process may still go by what was before."""


@dataclass(frozen=True, slots=True)
class Work:
    """One module in one workspace, and the wish that is carried out."""

    run: JobRun
    runtime: Runtime
    tenant: Tenant
    module: Module
    row: TenantPlugin

    @property
    def operation_id(self) -> UUID:
        """The wish."""
        found: UUID = self.run.params.operation_id
        return found


async def switch_on(run: JobRun) -> None:
    """Set up the modules of one wish, each after those that it needs."""
    run.progress(total=len(run.params.plugins))
    for number, plugin in enumerate(run.params.plugins, 1):
        work = await _work(run, plugin, {"enabling", "failed", "enabled"})
        if work is not None:
            archive = run.params.archive if plugin == run.params.plugins[-1] else ""
            await _guarded(work, _set_up(work, archive))
        run.progress(done=number)


async def remove(run: JobRun) -> None:
    """Export a module's rows, remove its tables, and say where the archive is."""
    work = await _work(run, run.params.plugin, {"uninstalling", "failed"})
    if work is not None:
        await _guarded(work, _take_down(work))


async def _set_up(work: Work, archive: str) -> None:
    module, row = work.module, work.row
    await _wait_for_needed(work)
    version = row.version
    if plugin_component(module.key) is not None:
        settings = work.runtime.databases.settings
        if archive:
            path = archives(work.runtime, work.tenant) / archive
            version = await asyncio.to_thread(plugin_archive.restore, settings, work.tenant, module.key, path)
        await asyncio.to_thread(ddl.install, settings, work.tenant, module.key)
    await work.run.step(f"{module.key}:rows", prepare, module, version)
    await service_states.enabled(work.runtime, work.tenant, module, work.operation_id)
    if row.disabled_at is not None:
        # Until then some relay may not have heard of the switch and pass the module over.
        await _settle()
        await work.run.step(f"{module.key}:missed", catch_up, module, row.disabled_at)


async def _settle() -> None:
    await asyncio.sleep(SETTLE_S)


async def _take_down(work: Work) -> None:
    module, name = work.module, ""
    await _settle()
    if work.row.version:
        await work.run.step(f"{module.key}:cleared", clear, module)
    if plugin_component(module.key) is not None:
        name = f"{module.key}-{work.operation_id}.zip"
        await asyncio.to_thread(
            plugin_archive.export_and_drop,
            work.runtime.databases.settings,
            work.tenant,
            module,
            archives(work.runtime, work.tenant) / name,
        )
    await service_states.uninstalled(work.runtime, work.tenant, module, work.operation_id, name)


async def _work(run: JobRun, plugin: str, states: set[str]) -> Work | None:
    """What is to be done, or None where it was done or is no longer wished."""
    async with run.open() as ctx:
        runtime, tenant = ctx.machinery, ctx.tenant
    row = await service_states.current(runtime, tenant.id, plugin)
    if row is None or row.operation_id != run.params.operation_id or row.state not in states:
        return None
    module = runtime.registry.modules.get(plugin)
    if module is None or module.error:
        raise GiveUp(f"{plugin} is out of order: {module.error if module else 'it is not installed'}")
    return Work(run, runtime, tenant, module, row)


async def _guarded(work: Work, doing: Any) -> None:
    """Carry something out; what goes wrong is told where people look, and tried again by the queue."""
    try:
        await doing
    except Postpone:
        raise
    except Exception as error:
        with suppress(Exception):
            await service_states.failed(work.runtime, work.tenant, work.module, work.operation_id, error)
        raise


async def _wait_for_needed(work: Work) -> None:
    for need in work.module.manifest.requires:
        if work.runtime.registry.modules[need].manifest.kind == "locked":
            continue
        row = await service_states.current(work.runtime, work.tenant.id, need)
        if row is None or row.state not in {"enabling", "enabled"}:
            raise GiveUp(f"{need}, which it needs, is not on")
        if row.state == "enabling":
            raise Postpone(2.0)


_LIKE = JobSpec(name="", handler=switch_on, params=SwitchOn, kind="ddl", timeout_s=600)
JOBS = [
    replace(_LIKE, name=service.SWITCH_ON, title=N_("Switch on a module")),
    replace(_LIKE, name=service.REMOVE, title=N_("Remove a module"), handler=remove, params=Remove),
]
