"""Finds the modules, collects what they declare, refuses what contradicts itself, and serves it per tenant."""

from __future__ import annotations

import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pluggy
import structlog

from core.ext import hooks, specs

if TYPE_CHECKING:
    from core.kernel.events import Event
    from core.tenancy.ctx import Ctx

S = TypeVar("S", bound=specs.Spec)
ROOTS = ("core", "tenants", "plugins")
ENTRY_POINTS = "guanxi.plugins"
log = structlog.get_logger(__name__)


class RegistryError(Exception):
    """A module of this repository declares something impossible; the process must not start."""


@dataclass(slots=True)
class Module:
    """One loaded module: its manifest, where it lies, and why it is out of order, if it is."""

    manifest: specs.Manifest
    source: ModuleType
    builtin: bool
    error: str = ""

    @property
    def key(self) -> str:
        """The manifest's key."""
        return self.manifest.key


def packages(filename: str) -> Iterator[str]:
    """Yield the dotted names of all ``filename`` modules under core, tenants and plugins, in a fixed order."""
    for root in ROOTS:
        try:
            package = importlib.import_module(root)
        except ModuleNotFoundError:
            continue
        base = Path(inspect.getfile(package)).parent
        for path in sorted(base.rglob(f"{filename}.py")):
            yield ".".join((root, *path.relative_to(base).with_suffix("").parts))


@dataclass(slots=True)
class Registry:
    """What all loaded modules declare, by hook; the tables that a request needs are built once at boot."""

    modules: dict[str, Module] = field(default_factory=dict)
    declared: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    owners: dict[int, str] = field(default_factory=dict)
    records: dict[str, specs.RecordType] = field(default_factory=dict)
    permissions: dict[str, specs.Permission] = field(default_factory=dict)
    jobs: dict[str, specs.JobSpec] = field(default_factory=dict)
    events: dict[str, type[Event]] = field(default_factory=dict)
    subscriptions: dict[str, list[specs.Subscription]] = field(default_factory=lambda: defaultdict(list))
    timeline: dict[str, specs.TimelineKind] = field(default_factory=dict)

    def is_on(self, plugin: str, enabled: frozenset[str]) -> bool:
        """Whether a module serves a tenant that has ``enabled`` switched on."""
        module = self.modules.get(plugin)
        if module is None or module.error:
            return False
        return module.manifest.kind == "locked" or plugin in enabled

    def items(self, spec: type[S]) -> list[S]:
        """All declarations of one kind, whatever the tenant."""
        return list(self.declared[spec.__name__])

    def serve(self, spec: type[S], ctx: Ctx) -> list[S]:
        """The declarations of one kind that this tenant has and this actor may use, in their order."""
        found = [item for item in self.declared[spec.__name__] if self.serves(item, ctx)]
        return sorted(found, key=lambda item: (getattr(item, "order", 0), getattr(item, "key", "")))

    def serves(self, item: specs.Spec, ctx: Ctx) -> bool:
        """Whether this tenant has the declaring module and this actor the declared permission."""
        permission = getattr(item, "permission", "")
        if isinstance(item, specs.RecordType):
            permission = f"{permission}.view"
        return self.is_on(item.plugin, ctx.tenant.plugins) and (not permission or ctx.can(permission))

    def subscribers(
        self, event: str, enabled: frozenset[str], *, in_transaction: bool
    ) -> list[specs.Subscription]:
        """The handlers of an event, those of ``*`` included, that a tenant has switched on."""
        return [
            item
            for item in (*self.subscriptions.get(event, ()), *self.subscriptions.get("*", ()))
            if item.in_transaction is in_transaction and not item.batch and self.is_on(item.plugin, enabled)
        ]

    def batches(self, enabled: frozenset[str]) -> list[specs.Subscription]:
        """The handlers that take all events of a transaction at its end."""
        return [
            item
            for item in self.subscriptions.get("*", ())
            if item.batch and item.in_transaction and self.is_on(item.plugin, enabled)
        ]

    def below(self, plugin: str) -> str:
        """The folder of a module's routes: its key; core and the control plane have none."""
        module = self.modules.get(plugin)
        if module is None or module.source.__name__.startswith(("core.", "tenants.")):
            return ""
        return "/" + plugin.replace(".", "/")

    def controllers(self, hook: str) -> list[tuple[str, Any]]:
        """Pairs of module key and controller class that a routing hook returned."""
        return [(self.owners[id(item)], item) for item in self.declared[hook]]

    def implementations(self, hook: str) -> list[Any]:
        """The functions that implement a life-cycle hook, those of required modules first."""
        found = (getattr(module.source, hook, None) for module in self.ordered() if not module.error)
        return [function for function in found if function is not None]

    def ordered(self) -> list[Module]:
        """All modules, each after those that it requires."""
        placed: dict[str, Module] = {}

        def place(key: str, above: frozenset[str]) -> None:
            if key in placed or key in above or key not in self.modules:
                return
            for need in self.modules[key].manifest.requires:
                place(need, above | {key})
            placed[key] = self.modules[key]

        for key in self.modules:
            place(key, frozenset())
        return list(placed.values())


def load() -> Registry:
    """Import every module, check what it declares and build the registry.

    A fault in this repository raises :class:`RegistryError`; an installed distribution's fault quarantines it.
    """
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks.specifications())
    registry = Registry()
    for name in packages("plugin"):
        _admit(registry, manager, importlib.import_module(name), builtin=True)
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            _admit(registry, manager, entry.load(), builtin=False)
        except Exception as error:
            log.exception("plugin quarantined", plugin=entry.name)
            manifest = specs.Manifest(key=entry.name, title=entry.name)
            registry.modules[entry.name] = Module(manifest, hooks.specifications(), False, error=repr(error))
    _cross_check(registry)
    return registry


def _admit(registry: Registry, manager: pluggy.PluginManager, source: ModuleType, *, builtin: bool) -> None:
    name = source.__name__
    manager.register(source, name=name)
    unknown = [a for a in dir(source) if a.startswith("crm_") and not hasattr(manager.hook, a)]
    if unknown:
        raise RegistryError(f"{name} implements hooks that do not exist: {', '.join(unknown)}")
    if not hasattr(source, "crm_manifest"):
        raise RegistryError(f"{name} has no crm_manifest")
    manifest = source.crm_manifest()
    if manifest.key in registry.modules:
        raise RegistryError(f"{name}: the key {manifest.key!r} is taken")
    collected = dict(_collect(source, manifest.key))
    registry.modules[manifest.key] = Module(manifest, source, builtin)
    for hook, items in collected.items():
        _store(registry, manifest.key, hook, items)


def _collect(source: ModuleType, key: str) -> Iterator[tuple[str, list[Any]]]:
    """Call the declaring hooks of one module; life-cycle hooks (coroutines) are called when their time comes."""
    for hook in sorted(vars(source)):
        function = getattr(source, hook)
        if not hook.startswith("crm_") or hook == "crm_manifest" or inspect.iscoroutinefunction(function):
            continue
        items = function()
        if not isinstance(items, Sequence) or isinstance(items, str):
            raise RegistryError(f"{source.__name__}.{hook} must return a list, not {type(items).__name__}")
        yield hook, [_tag(item, key) for item in items]


def _tag(item: Any, key: str) -> Any:
    return msgspec.structs.replace(item, plugin=key) if isinstance(item, specs.Spec) else item


def _store(registry: Registry, key: str, hook: str, items: Iterable[Any]) -> None:
    for item in items:
        registry.declared[type(item).__name__ if isinstance(item, specs.Spec) else hook].append(item)
        registry.owners[id(item)] = key
        match item:
            case specs.RecordType():
                _unique(registry.records, item.key, item)
            case specs.Permission():
                _unique(registry.permissions, item.name, item)
            case specs.JobSpec():
                _unique(registry.jobs, item.name, item)
            case specs.TimelineKind():
                _unique(registry.timeline, item.event, item)
            case specs.Subscription():
                registry.subscriptions[item.event].append(item)
            case _ if hook == "crm_events":
                _unique(registry.events, item.name, item)


def _unique(table: dict[str, Any], key: str, item: Any) -> None:
    if key in table:
        raise RegistryError(f"{key!r} is declared twice, by {table[key]} and {item}")
    table[key] = item


def _cross_check(registry: Registry) -> None:
    """Refuse declarations that name what nobody declares."""
    wrong = []
    for items in registry.declared.values():
        for item in items:
            permission = getattr(item, "permission", "")
            name = f"{permission}.view" if isinstance(item, specs.RecordType) else permission
            if name and name not in registry.permissions:
                wrong.append(f"{item.plugin}: nobody declares the permission {name!r}")
    wrong += [
        f"{item.plugin}: nobody declares the event {item.event!r}"
        for item in registry.items(specs.Subscription) + registry.items(specs.TimelineKind)
        if item.event != "*" and item.event not in registry.events
    ]
    wrong += [
        f"{item.plugin}: the subscription {item.name!r} takes batches, so it must be one of *"
        for item in registry.items(specs.Subscription)
        if item.batch and item.event != "*"
    ]
    for module in registry.modules.values():
        wrong += [
            f"{module.key} requires {need!r}, which is not installed"
            for need in module.manifest.requires
            if need not in registry.modules
        ]
    if wrong:
        raise RegistryError("; ".join(sorted(set(wrong))))
