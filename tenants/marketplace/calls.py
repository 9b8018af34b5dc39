"""A module's own part in coming and going: its life-cycle hooks, each in a step's transaction with a time limit.

Owns no table. Never runs in a request.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Final

from core.ext.registry import Module
from core.runtime import Runtime
from core.tenancy.ctx import SYSTEM, Ctx
from core.tenancy.directory import Tenant
from tenants.marketplace.missed import queue_missed

PREPARE_S: Final = 240.0
"""How long a module may take to prepare a workspace."""


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


async def catch_up(ctx: Ctx, module: Module, since: datetime) -> None:
    """Queue what a module's handlers missed while it was off."""
    registry = ctx.machinery.registry
    own = [
        one for handlers in registry.subscriptions.values() for one in handlers if one.plugin == module.key
    ]
    for subscription in own:
        if not subscription.in_transaction:
            await queue_missed(ctx, subscription, since)


def archives(runtime: Runtime, tenant: Tenant) -> Path:
    """Where the archives of a workspace's removed modules are; they go with the workspace."""
    return runtime.settings.home / "files" / tenant.schema / "modules"
