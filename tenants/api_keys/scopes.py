"""Scopes of keys: ``<resource>:read`` or ``<resource>:write`` for what the installed modules declare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.access.grants import scope_of
from core.ext.registry import Registry
from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import N_


def known(registry: Registry) -> frozenset[str]:
    """Every scope that a key can have."""
    named = {scope_of(permission) for permission in registry.permissions.values()}
    named = {scope for scope in named if scope.endswith((":read", ":write"))}
    return frozenset(
        named | {f"{scope.rpartition(':')[0]}:read" for scope in named if scope.endswith(":write")}
    )


@dataclass(slots=True)
class Resource:
    """What scopes are given for: its title, the ways in which it can be reached, and what each way permits."""

    key: str
    title: str
    ways: dict[str, list[str]] = field(default_factory=dict)


def resources(registry: Registry, enabled: frozenset[str]) -> list[Resource]:
    """The resources of the modules that a workspace has, in the order of their keys."""
    found: dict[str, Resource] = {}
    for permission in registry.permissions.values():
        key, _, way = scope_of(permission).rpartition(":")
        if way not in {"read", "write"} or not registry.is_on(permission.plugin, enabled):
            continue
        resource = found.setdefault(key, Resource(key, _title(registry, key, permission.plugin)))
        resource.ways.setdefault(way, []).append(permission.title)
    return [found[key] for key in sorted(found)]


def _title(registry: Registry, key: str, plugin: str) -> str:
    for type_ in registry.records.values():
        if type_.permission == key and (type_.path == key or "." in key):
            return type_.title_plural
    return registry.modules[plugin].manifest.title


def checked(registry: Registry, scopes: Iterable[str]) -> list[str]:
    """The scopes, sorted and once each; ``all:read`` and ``all:write`` stand for everything there is.

    Raises :class:`Invalid` with every scope that no module knows.
    """
    there_are, wanted = known(registry), set(scopes)
    for way in ("read", "write"):
        if f"all:{way}" in wanted:
            wanted.remove(f"all:{way}")
            wanted |= {scope for scope in there_are if scope.endswith(f":{way}")}
    unknown = sorted(wanted - there_are)
    if unknown:
        raise Invalid(
            errors=[
                FieldError("scopes", "scope", N_("There is no scope {scope}."), {"scope": scope})
                for scope in unknown
            ]
        )
    if not wanted:
        raise Invalid.field(
            "scopes", "required", N_("A key without a scope can do nothing. Choose at least one.")
        )
    return sorted(wanted)
