"""The settings form of a module, made from the struct that it declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from core.ext import options
from core.ext.registry import Registry
from core.kernel.errors import NotFound
from core.kernel.i18n import N_
from core.kernel.validate import convert, fields
from core.tenancy.ctx import Ctx
from core.tenancy.directory import TenantPlugin
from tenants.marketplace.schema import SettingsOut

KINDS = {"name": "text", "plain": "text", "secret": "password", "locale": "text", "timezone": "text"}
CONFIGURABLE = frozenset({"enabling", "enabled", "disabled"})


def struct_of(registry: Registry, row: TenantPlugin | None) -> type[msgspec.Struct] | None:
    """The settings struct of a module that the workspace has; None where it declares none or is not there."""
    if row is None or row.state not in CONFIGURABLE:
        return None
    return registry.settings.get(row.plugin)


def form(struct: type[msgspec.Struct], row: TenantPlugin) -> list[dict[str, Any]]:
    """The fields of the form; a secret is asked for and never shown."""
    shown = []
    for meta in fields(struct):
        view = {**meta._asdict(), "kind": KINDS.get(meta.kind, meta.kind)}
        if meta.kind == "secret":
            view["placeholder"] = "••••••••" if meta.name in row.secrets else ""
            view["autocomplete"] = "off"
            view["help"] = meta.help or (
                N_("Left empty, it stays as it is.") if meta.name in row.secrets else ""
            )
        shown.append(view)
    return shown


def values(ctx: Ctx, struct: type[msgspec.Struct], row: TenantPlugin) -> dict[str, Any]:
    """What the form shows: what is set, else the module's defaults."""
    now = ctx.settings(row.plugin)
    plain: dict[str, Any] = msgspec.to_builtins(now)
    return {name: value for name, value in plain.items() if name not in options.secret_names(struct)}


def told(ctx: Ctx, struct: type[msgspec.Struct], row: TenantPlugin) -> SettingsOut:
    """The settings as programs see them."""
    names = options.secret_names(struct)
    return SettingsOut(values=values(ctx, struct, row), secrets={name: name in row.secrets for name in names})


def told_of(value: msgspec.Struct, row: TenantPlugin) -> SettingsOut:
    """Settings that were just kept, as programs see them."""
    names = options.secret_names(type(value))
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return SettingsOut(
        values={name: one for name, one in plain.items() if name not in names},
        secrets={name: name in row.secrets for name in names},
    )


def merged(
    ctx: Ctx, struct: type[msgspec.Struct], row: TenantPlugin, sent: Mapping[str, Any]
) -> msgspec.Struct:
    """The settings with some changed; raises with all errors at once."""
    return convert(struct, {**values(ctx, struct, row), **sent}, region=ctx.tenant.country)


def required(struct: type[msgspec.Struct] | None) -> type[msgspec.Struct]:
    """The struct, or NotFound where there is none."""
    if struct is None:
        raise NotFound
    return struct
