"""The work that a switch causes in a workspace: tables, the module's own preparation, and what it missed.

Killed at any point, each job begins again and finds what it has done: tables by their versions, steps by their
receipts, states by the operation that they belong to.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from msgspec.structs import replace

from core.ext.specs import JobSpec
from core.kernel.i18n import N_
from core.kernel.jobs import GiveUp, JobRun, Postpone
from core.tenancy import ddl
from core.tenancy.components import plugin_component
from tenants.marketplace import leaving, service, service_states
from tenants.marketplace.calls import Work, clear, handlers, prepare
from tenants.marketplace.missed import catch_up
from tenants.marketplace.schema import Remove, SwitchOn

SETTLE_S: Final = 1.5
"""How long after a switch some process may still go by what was before."""


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
    """Export what a module holds, remove its tables, and say where the archive is."""
    work = await _work(run, run.params.plugin, {"uninstalling", "failed"})
    if work is not None:
        await _guarded(work, _take_down(work))


async def _set_up(work: Work, archive: str) -> None:
    module, version, missing_since = work.module, work.row.version, work.row.disabled_at
    await _wait_for_needed(work)
    kept = leaving.place(work.runtime, work.tenant) / archive if archive else None
    if plugin_component(module.key) is not None:
        # Once it is on, all of it is back.
        if kept is not None and work.row.state != "enabled":
            if version:
                # It was on until now: some process may still go by that.
                await _settle()
            back = await leaving.bring_back(work, kept)
            version, missing_since = back.version, back.left.missing_since
        await asyncio.to_thread(ddl.install, work.runtime.databases.settings, work.tenant, module.key)
    await work.run.step(f"{module.key}:rows", prepare, module, version)
    await service_states.enabled(work.runtime, work.tenant, module, work.operation_id)
    if missing_since is not None:
        # Until then some relay may not have heard of the switch and pass the module over.
        await _settle()
        await catch_up(work.run, handlers(work.runtime.registry, module), missing_since)
    if kept is not None:
        await asyncio.to_thread(kept.unlink, missing_ok=True)


async def _settle() -> None:
    await asyncio.sleep(SETTLE_S)


async def _take_down(work: Work) -> None:
    module, name = work.module, ""
    await _settle()
    if work.row.version:
        await work.run.step(f"{module.key}:cleared", clear, module)
    if plugin_component(module.key) is not None:
        name = f"{module.key}-{work.operation_id}.zip"
        await leaving.take_out(work, name)
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
