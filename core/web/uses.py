"""Counts what modules are used for: no request waits for it.

Owns the counts that are not written yet.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.kernel.tallies import Tally
from core.runtime import Runtime
from core.tenancy.ctx import Principal
from core.tenancy.plugin_uses import Use, add


class Uses(Tally[Use, int]):
    """The counts of this process."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime

    def note(self, principal: Principal, plugin: str, permission: str) -> None:
        """Count one use of a module that workspaces switch."""
        module = self._runtime.registry.modules.get(plugin)
        if module is None or module.manifest.kind == "locked" or principal.tenant is None:
            return
        day = self._runtime.clock.now().date()
        self.add(Use(principal.tenant.id, plugin, permission, principal.kind, day), 1)

    def added(self, one: int, other: int) -> int:
        return one + other

    async def write(self, noted: Mapping[Use, int]) -> None:
        async with self._runtime.control() as control:
            await add(control.session, noted)


def uses_of(runtime: Runtime) -> Uses:
    """The counts of this process."""
    return runtime.part(Uses, lambda: Uses(runtime))
