"""Verbs of modules: switch on, switch off, cut off, remove, set. Each is one transaction in the control plane.

What has to change in the workspace follows in a job there; until it has, the state says so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.ext import options
from core.ext.registry import Module, Registry
from core.kernel.errors import Conflict, NotFound
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.tenancy.control import Control
from core.tenancy.directory import Tenant, TenantPlugin
from tenants.billing import service as billing
from tenants.marketplace import events
from tenants.marketplace.queries import ON, dependants, module_of, needed_by, needs, rows, titles
from tenants.marketplace.schema import CutOff, Remove, SwitchOn

SWITCH_ON = "marketplace.switch_on"
REMOVE = "marketplace.remove"
TELL = "marketplace.tell"
BUSY: Final = N_("This module is being switched or removed. Try again in a minute.")
SETTLED: Final = timedelta(days=1)
"""How long after it was switched on a module has heard of all that it missed."""


async def enable(control: Control, tenant: Tenant, plugin: str, *, archive: str = "") -> list[str]:
    """Switch a module on, and those that it needs; gives the keys of those that were not on.

    They work once the job has set them up. What costs something goes on the bill, and raises ``PaymentRequired``
    where nobody pays. With ``archive`` all comes back that the module left when it was removed, also where it is on
    and holds nothing. Harmless to repeat. Emits plugin.requested.
    """
    registry: Registry = control.machinery.registry
    module_of(registry, plugin)
    operation = uuid7()
    wanted = []
    for key in needs(registry, plugin):
        module = module_of(registry, key)
        row = await _row(control, tenant.id, key)
        brings = archive if key == plugin else ""
        if row.state == "enabling" or (row.state == "enabled" and not brings):
            continue
        if row.state == "uninstalling":
            raise Conflict(code="plugin.busy", detail=BUSY)
        await billing.add_plugin(control, tenant, key)
        row.state, row.problem, row.operation_id = "enabling", "", operation
        row.archive = brings or row.archive
        wanted.append(key)
        _tell(control, tenant, events.PluginRequested, module)
    if wanted:
        params = SwitchOn(operation_id=operation, plugins=tuple(wanted), archive=archive)
        title = control.t(N_("Switch on a module"))
        control.enqueue(SWITCH_ON, params, tenant_id=tenant.id, title=title)
        await control.touch(tenant.id)
    return wanted


async def disable(control: Control, tenant: Tenant, plugin: str) -> bool:
    """Switch a module off at once; its data stay. Says whether it was on.

    Raises :class:`Conflict` (``plugin.needed``) while another module needs it. Emits plugin.disabled.
    """
    module = module_of(control.machinery.registry, plugin, whole=False)
    row = await _row(control, tenant.id, plugin)
    if row.state not in ON | {"failed"}:
        return False
    await _refuse_needed(control, tenant, plugin)
    _switch_off(control, row, "disabled")
    await billing.remove_plugin(control, tenant, plugin)
    _tell(control, tenant, events.PluginDisabled, module)
    await control.touch(tenant.id)
    return True


async def cut_off(control: Control, tenant: Tenant, plugin: str) -> None:
    """Switch off a module that nobody pays for, and those that need it; who may switch modules is told.

    Harmless where it is paid for by now, or off. Emits plugin.disabled for each.
    """
    registry: Registry = control.machinery.registry
    row = await _row(control, tenant.id, plugin)
    if row.state not in ON | {"failed"} or not await billing.is_unpaid(control, tenant.id, plugin):
        return
    states = {key: one.state for key, one in (await rows(control, tenant.id)).items()}
    # Those that are needed first, as whoever switches on locks them.
    needing = [await _row(control, tenant.id, key) for key in dependants(registry, plugin, states)]
    for one in needing[::-1]:
        _switch_off(control, one, "disabled")
        await billing.remove_plugin(control, tenant, one.plugin)
        _tell(control, tenant, events.PluginDisabled, registry.modules[one.plugin], reason="needs_unpaid")
    _switch_off(control, row, "disabled")
    if plugin in registry.modules:
        _tell(control, tenant, events.PluginDisabled, registry.modules[plugin], reason="unpaid")
        told = CutOff(plugin=plugin, needing=tuple(one.plugin for one in needing))
        control.enqueue(TELL, told, tenant_id=tenant.id)
    await control.touch(tenant.id)


async def uninstall(control: Control, tenant: Tenant, plugin: str) -> bool:
    """Have a module's rows exported and then its tables removed; says whether there was anything to remove.

    Raises :class:`Conflict` (``plugin.needed``) while another module needs it. Emits plugin.removal_requested.
    """
    module = module_of(control.machinery.registry, plugin)
    row = await _row(control, tenant.id, plugin)
    if row.state in {"uninstalling", "uninstalled", "installed"}:
        return False
    await _refuse_needed(control, tenant, plugin)
    _switch_off(control, row, "uninstalling")
    await billing.remove_plugin(control, tenant, plugin)
    params = Remove(operation_id=row.operation_id or uuid7(), plugin=plugin)
    title = control.t(N_("Remove a module"))
    control.enqueue(REMOVE, params, tenant_id=tenant.id, title=title)
    _tell(control, tenant, events.PluginRemovalRequested, module)
    await control.touch(tenant.id)
    return True


async def upgrade(control: Control, row: TenantPlugin, version: str) -> bool:
    """Have a module that is on brought up to its present version, once for each; says whether that was asked now."""
    operation = uuid5(row.tenant_id, f"{row.plugin} {version}")
    chosen = select(TenantPlugin).filter_by(tenant_id=row.tenant_id, plugin=row.plugin).with_for_update()
    now = (await control.session.scalars(chosen, execution_options={"populate_existing": True})).one()
    if now.state != "enabled" or now.version == version or now.operation_id == operation:
        return False
    now.operation_id = operation
    params = SwitchOn(operation_id=operation, plugins=(row.plugin,))
    control.enqueue(SWITCH_ON, params, tenant_id=row.tenant_id)
    return True


async def configure(control: Control, tenant: Tenant, plugin: str, value: msgspec.Struct) -> None:
    """Keep a module's settings; secrets that ``value`` leaves empty stay as they are. Emits plugin.configured."""
    module = module_of(control.machinery.registry, plugin)
    row = await _row(control, tenant.id, plugin)
    if row.state not in ON | {"disabled"}:
        raise NotFound
    plain, sealed = options.stored(value, tenant, plugin, control.machinery.cipher(tenant))
    changed = [name for name, one in plain.items() if row.settings.get(name) != one]
    row.settings, row.secrets = plain, {**row.secrets, **sealed}
    _tell(control, tenant, events.PluginConfigured, module, fields=tuple(sorted([*changed, *sealed])))
    await control.touch(tenant.id)


async def forget_secret(control: Control, tenant: Tenant, plugin: str, name: str) -> None:
    """Remove one secret of a module's settings. Emits plugin.configured."""
    module = module_of(control.machinery.registry, plugin)
    row = await _row(control, tenant.id, plugin)
    if name not in row.secrets:
        raise NotFound
    row.secrets = {key: one for key, one in row.secrets.items() if key != name}
    _tell(control, tenant, events.PluginConfigured, module, fields=(name,))
    await control.touch(tenant.id)


def there(row: TenantPlugin | None) -> TenantPlugin:
    """The row of a module, or NotFound where the workspace never had it."""
    if row is None:
        raise NotFound
    return row


async def _row(control: Control, tenant_id: UUID, plugin: str) -> TenantPlugin:
    """The row of a module, locked until the transaction ends; made where there is none."""
    values = {"tenant_id": tenant_id, "plugin": plugin}
    await control.session.execute(insert(TenantPlugin).values(values).on_conflict_do_nothing())
    chosen = select(TenantPlugin).filter_by(**values).with_for_update()
    return (await control.session.scalars(chosen, execution_options={"populate_existing": True})).one()


def _switch_off(control: Control, row: TenantPlugin, state: str) -> None:
    now = control.now()
    # Switched off again before it had caught up, it still misses what it missed then; receipts tell what it had.
    is_settled = row.disabled_at is None or now - row.updated_at > SETTLED
    if row.version and row.state == "enabled" and is_settled:
        row.disabled_at = now
    row.state, row.problem, row.operation_id = state, "", uuid7()


async def _refuse_needed(control: Control, tenant: Tenant, plugin: str) -> None:
    states = {key: row.state for key, row in (await rows(control, tenant.id)).items()}
    users = needed_by(control.machinery.registry, plugin, states)
    if users:
        text = N_("{modules} would stop working without it. Switch that off first.")
        raise Conflict(code="plugin.needed", detail=text, params={"modules": titles(users, control)})


def _tell(
    control: Control, tenant: Tenant, event: type[events.PluginEvent], module: Module, **more: Any
) -> None:
    what = event(subject_id=tenant.id, label=module.manifest.title, plugin=module.key, **more)
    control.emit(what, tenant_id=tenant.id)
