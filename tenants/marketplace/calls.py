"""A module's own part in coming and going: its life-cycle hooks, each in a step's transaction with a time limit.

Owns no table. Never runs in a request.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.ext.registry import Module, Registry
from core.ext.specs import Subscription
from core.kernel.jobs import JobRun
from core.runtime import Runtime
from core.tenancy.ctx import SYSTEM, Ctx
from core.tenancy.directory import Tenant, TenantPlugin

PREPARE_S: Final = 240.0
"""How long a module may take to prepare a workspace."""


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


async def prepare(ctx: Ctx, module: Module, version: str) -> None:
    """Let a module prepare a workspace, or bring it up from an earlier version."""
    hook = getattr(module.source, "crm_upgrade" if version else "crm_install", None)
    if hook is not None:
        ctx.become(SYSTEM)
        async with asyncio.timeout(PREPARE_S):
            await (hook(ctx, version) if version else hook(ctx))


async def clear(ctx: Ctx, module: Module) -> None:
    """Let a module clear what it left outside of its own tables."""
    hook = getattr(module.source, "crm_uninstall", None)
    if hook is not None:
        ctx.become(SYSTEM)
        async with asyncio.timeout(PREPARE_S):
            await hook(ctx, False)


def handlers(registry: Registry, module: Module) -> list[Subscription]:
    """The handlers of a module that hear of events after they happened."""
    return [
        one
        for some in registry.subscriptions.values()
        for one in some
        if one.plugin == module.key and not one.in_transaction
    ]
