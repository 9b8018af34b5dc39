"""What a workspace has of modules, and what they need of each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.ext.registry import Module, Registry
from core.kernel.errors import Conflict, NotFound
from core.kernel.i18n import N_
from core.kernel.jobs.models import Circuit
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.tenancy.directory import TenantPlugin
from core.tenancy.plugin_faults import PluginFault
from core.tenancy.plugin_uses import PluginUse

ON = frozenset({"enabling", "enabled"})


async def rows(control: Control, tenant_id: UUID) -> dict[str, TenantPlugin]:
    """The modules that a workspace has or had, by their keys."""
    found = await control.session.scalars(select(TenantPlugin).where(TenantPlugin.tenant_id == tenant_id))
    return {row.plugin: row for row in found}


async def has_taken(ctx: Any) -> bool:
    """Whether the workspace switched on a module that it did not begin with."""
    modules = ctx.machinery.registry.modules
    return any(modules[key].manifest.kind == "optional" for key in ctx.tenant.plugins if key in modules)


async def uses(
    control: Control, tenant_id: UUID, plugin: str, since: date
) -> list[tuple[str, str, int, date]]:
    """How often each permission of a module was used since a day: permission, by whom, how often, when last."""
    statement = (
        select(PluginUse.permission, PluginUse.kind, func.sum(PluginUse.uses), func.max(PluginUse.day))
        .where(PluginUse.tenant_id == tenant_id, PluginUse.plugin == plugin, PluginUse.day >= since)
        .group_by(PluginUse.permission, PluginUse.kind)
        .order_by(func.sum(PluginUse.uses).desc(), PluginUse.permission)
    )
    return [(row[0], row[1], int(row[2]), row[3]) for row in await control.session.execute(statement)]


async def faults(
    control: Control, tenant_id: UUID, plugin: str, since: date
) -> list[tuple[str, int, datetime, str, str]]:
    """What of a module failed since a day: the part, how often, when last, how, and in which request."""
    one = PluginFault
    statement = (
        select(
            one.place,
            func.sum(one.faults),
            func.max(one.last_at),
            func.array_agg(aggregate_order_by(one.error, one.last_at.desc())),
            func.array_agg(aggregate_order_by(one.request_id, one.last_at.desc())),
        )
        .where(one.tenant_id == tenant_id, one.plugin == plugin, one.day >= since)
        .group_by(one.place)
        .order_by(func.max(one.last_at).desc(), one.place)
    )
    found = await control.session.execute(statement)
    return [(row[0], int(row[1]), row[2], row[3][0], row[4][0]) for row in found]


async def paused(ctx: Ctx, plugin: str) -> Circuit | None:
    """The state of a module whose background work failed so often that it rests; None while it works."""
    chosen = select(Circuit).where(Circuit.plugin == plugin, Circuit.open_until > ctx.now())
    return await ctx.session.scalar(chosen)


def offered(registry: Registry) -> list[Module]:
    """The modules that a workspace may switch, those that are out of order included."""
    return [module for module in registry.modules.values() if module.manifest.kind != "locked"]


def module_of(registry: Registry, plugin: str, *, whole: bool = True) -> Module:
    """A module that may be switched; raises NotFound for others, Conflict for one that is out of order."""
    module = registry.modules.get(plugin)
    if module is None or module.manifest.kind == "locked":
        raise NotFound
    if whole and module.error:
        raise Conflict(
            code="plugin.broken", detail=N_("This module is out of order. The operator can see why.")
        )
    return module


def needs(registry: Registry, plugin: str) -> list[str]:
    """The switchable modules that one needs, those first that others need, and the module itself last."""
    found: dict[str, None] = {}

    def visit(key: str, above: frozenset[str]) -> None:
        module = registry.modules.get(key)
        if module is None or key in above or key in found:
            return
        for need in module.manifest.requires:
            visit(need, above | {key})
        if module.manifest.kind != "locked":
            found[key] = None

    visit(plugin, frozenset())
    return list(found)


def needed_by(registry: Registry, plugin: str, states: Mapping[str, str]) -> list[Module]:
    """The modules that are on and need this one."""
    return [
        module
        for module in registry.modules.values()
        if plugin in module.manifest.requires and states.get(module.key) in ON
    ]


def dependants(registry: Registry, plugin: str, states: Mapping[str, str]) -> list[str]:
    """The modules that are on and cannot be without this one, each after those that it needs."""
    found: dict[str, None] = {}

    def visit(key: str) -> None:
        for module in needed_by(registry, key, states):
            if module.key not in found and module.key != plugin:
                visit(module.key)
                found[module.key] = None

    visit(plugin)
    return list(found)[::-1]


def titles(modules: Iterable[Module], control: Control) -> str:
    """Names of modules as people read them."""
    return ", ".join(control.t(module.manifest.title) for module in modules)
