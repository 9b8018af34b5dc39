"""Counts what modules are used for in memory, and writes it in batches: no request waits for it.

Owns the counts that are not written yet; those of a process that is killed are lost, ``PAUSE_S`` seconds at most.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

import structlog

from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.tenancy.plugin_uses import Use, add

PAUSE_S: Final = 20.0
log = structlog.get_logger(__name__)


class Uses:
    """The counts of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._counts: Counter[Use] = Counter()
        self._task: asyncio.Task[None] | None = None

    def note(self, principal: Principal, plugin: str, permission: str) -> None:
        """Count one use of a module that workspaces switch."""
        module = self._runtime.registry.modules.get(plugin)
        if module is None or module.manifest.kind == "locked" or principal.tenant is None:
            return
        day = self._runtime.clock.now().date()
        self._counts[Use(principal.tenant.id, plugin, permission, principal.kind, day)] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._soon())

    async def flush(self) -> None:
        """Write what was counted; what cannot be written stays for the next time."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            async with self._runtime.control() as control:
                await add(control.session, counts)
        except BaseException:
            self._counts += counts
            raise

    async def close(self) -> None:
        """Write the rest before the process ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    async def _soon(self) -> None:
        while self._counts:
            await asyncio.sleep(PAUSE_S)
            try:
                await self.flush()
            except Exception as error:
                log.warning("uses of modules wait", count=len(self._counts), error=repr(error))


def uses_of(runtime: Runtime) -> Uses:
    """The counts of this process."""
    return runtime.part(Uses, lambda: Uses(runtime))
