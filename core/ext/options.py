"""What a tenant has set a module to: the stored form of a settings struct, its secrets sealed.

Owns the split into plain and sealed values. Emits nothing. Never stores, and never shows a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from core.kernel.secrets import Cipher, SealBrokenError
from core.kernel.validate import fields

if TYPE_CHECKING:
    from core.tenancy.directory import Tenant

log = structlog.get_logger(__name__)


@cache
def secret_names(struct: type[msgspec.Struct]) -> frozenset[str]:
    """The fields of a settings struct that are sealed."""
    return frozenset(meta.name for meta in fields(struct) if meta.kind == "secret")


@cache
def _infos(struct: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(struct)


def read(struct: type[msgspec.Struct], tenant: Tenant, plugin: str, cipher: Cipher) -> Any:
    """Build the struct from what is stored.

    What the struct no longer knows is left out; a value that it no longer accepts, or a secret that does not open
    here, is as if it had never been set.
    """
    kept: tuple[dict[str, Any], dict[str, Any]] = tenant.options.get(plugin) or ({}, {})
    plain, sealed = kept
    names = secret_names(struct)
    found = {}
    for info in _infos(struct):
        try:
            if info.name in names and info.name in sealed:
                found[info.name] = cipher.decrypt(sealed[info.name], place(tenant, plugin, info.name))
            elif info.name in plain and info.name not in names:
                found[info.name] = msgspec.convert(plain[info.name], info.type)
        except (SealBrokenError, msgspec.ValidationError):
            log.warning("settings.unreadable", plugin=plugin, field=info.name, tenant=tenant.slug)
    return struct(**found)


def stored(
    value: msgspec.Struct, tenant: Tenant, plugin: str, cipher: Cipher
) -> tuple[dict[str, Any], dict[str, str]]:
    """Split a settings struct into plain values and sealed secrets; an empty secret is none."""
    names = secret_names(type(value))
    plain: Mapping[str, Any] = msgspec.to_builtins(value)
    sealed = {
        name: cipher.encrypt(plain[name], place(tenant, plugin, name)) for name in names if plain.get(name)
    }
    return {name: one for name, one in plain.items() if name not in names}, sealed


def place(tenant: Tenant, plugin: str, name: str) -> str:
    """Where a secret belongs; copied to any other place it does not open."""
    return f"{tenant.id}|tenant_plugin|{name}|{plugin}"
