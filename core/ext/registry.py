"""Finds the modules, collects what they declare, refuses what contradicts itself, and serves it per tenant."""

from __future__ import annotations

import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pluggy
import structlog

from core.ext import hooks, specs
from core.ext.admission import OURS_ALONE, RegistryError, declarations, manifest_of
from core.kernel.db import Ref, metadata
from core.kernel.installed import LIMIT_S, Source, sources, within

if TYPE_CHECKING:
    from core.kernel.events import Event
    from core.tenancy.ctx import Ctx

S = TypeVar("S", bound=specs.Spec)
PEOPLE = frozenset({"customer", "contact", "lead"})
ROOTS = ("core", "tenants", "plugins")
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Module:
    """One loaded module: its manifest, where it lies, and why it is out of order, if it is."""

    manifest: specs.Manifest
    source: ModuleType
    builtin: bool
    error: str = ""
    distribution: str = ""

    @property
    def key(self) -> str:
        """The manifest's key."""
        return self.manifest.key

    @property
    def folder(self) -> Path:
        """The folder of its package."""
        return Path(self.source.__file__ or "").parent


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

    manager: pluggy.PluginManager = field(default_factory=hooks.manager)
    modules: dict[str, Module] = field(default_factory=dict)
    declared: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    owners: dict[int, str] = field(default_factory=dict)
    records: dict[str, specs.RecordType] = field(default_factory=dict)
    permissions: dict[str, specs.Permission] = field(default_factory=dict)
    jobs: dict[str, specs.JobSpec] = field(default_factory=dict)
    events: dict[str, type[Event]] = field(default_factory=dict)
    subscriptions: dict[str, list[specs.Subscription]] = field(default_factory=lambda: defaultdict(list))
    timeline: dict[str, specs.TimelineKind] = field(default_factory=dict)
    settings: dict[str, type[msgspec.Struct]] = field(default_factory=dict)

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
        is_here = ctx.tenant.sandbox_of is None or getattr(item, "in_sandbox", True)
        return (
            is_here
            and self.is_on(item.plugin, ctx.tenant.plugins)
            and (not permission or ctx.can(permission))
        )

    def subscribers(
        self, event: str, enabled: frozenset[str], *, in_transaction: bool
    ) -> list[specs.Subscription]:
        """The handlers of an event, those of ``*`` included, that a tenant has switched on."""
        return [
            item
            for item in (*self.subscriptions.get(event, ()), *self.subscriptions.get("*", ()))
            if item.in_transaction is in_transaction and self.is_on(item.plugin, enabled)
            if not item.batch or item.event != "*"
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

    def implementations(self, hook: str, enabled: frozenset[str] = frozenset()) -> list[Any]:
        """The functions by which modules that are on implement a life-cycle hook, those of required ones first."""
        found = {each.plugin: each.function for each in getattr(self.manager.hook, hook).get_hookimpls()}
        served = [module for module in self.ordered() if self.is_on(module.key, enabled)]
        return [found[module.source] for module in served if module.source in found]

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

    A fault in this repository raises :class:`RegistryError`; an installed distribution's fault puts that
    distribution, and what requires it, out of order.
    """
    registry = Registry()
    for name in packages("plugin"):
        source = importlib.import_module(name)
        manifest = manifest_of(source)
        _add(registry, Module(manifest, source, True), declarations(source, manifest.key))
    wrong = [problem for module in registry.modules.values() for problem in _problems(registry, module)]
    if wrong:
        raise RegistryError("; ".join(sorted(set(wrong))))
    for place in sources():
        try:
            _admit(registry, place)
        except Exception as error:
            quarantine(registry, place.key, str(error), place.distribution)
    _quarantine_unfit(registry)
    return registry


def _admit(registry: Registry, place: Source) -> None:
    """Take an installed distribution's module in, or raise and leave nothing of it behind."""
    if place.error:
        raise RegistryError(place.error)
    source = place.load()
    manifest, offered = within(LIMIT_S, lambda: _offer(source))
    if manifest.key != place.key:
        raise RegistryError(
            f"its entry point is {place.key!r} and its key {manifest.key!r}: they must be one"
        )
    if manifest.kind != "optional":
        raise RegistryError(f"an installed module must be optional, not {manifest.kind}")
    ours = sorted(OURS_ALONE.intersection(vars(source)))
    if ours:
        raise RegistryError(f"an installed module must not implement {', '.join(ours)}")
    _add(registry, Module(manifest, source, False, distribution=place.distribution), offered)


def _offer(source: ModuleType) -> tuple[specs.Manifest, dict[str, list[Any]]]:
    manifest = manifest_of(source)
    return manifest, declarations(source, manifest.key)


def _add(registry: Registry, module: Module, offered: Mapping[str, Sequence[Any]]) -> None:
    if module.key in registry.modules:
        raise RegistryError(f"{module.source.__name__}: the key {module.key!r} is taken")
    registry.manager.register(module.source, name=module.key)
    registry.modules[module.key] = module
    for hook, items in offered.items():
        _store(registry, module.key, hook, items)


def quarantine(registry: Registry, key: str, error: str, distribution: str = "") -> None:
    """Take all that a module declared out again, and keep its name with what is wrong."""
    log.error("plugin.quarantined", plugin=key, error=error)
    found = registry.modules.get(key)
    if found is not None and found.builtin:
        # It took the name of a module of ours, which goes on.
        key, found = f"{key} ({distribution})", None
    if registry.manager.has_plugin(key):
        registry.manager.unregister(name=key)
    manifest = found.manifest if found is not None else specs.Manifest(key=key, title=key)
    registry.modules[key] = Module(manifest, ModuleType(key), False, error, distribution)
    gone = {number for number, owner in registry.owners.items() if owner == key}
    for name, items in list(registry.declared.items()):
        registry.declared[name] = [item for item in items if id(item) not in gone]
    for table in (registry.records, registry.permissions, registry.jobs, registry.timeline, registry.events):
        for name, item in list(table.items()):
            if id(item) in gone:
                del table[name]
    for event, handlers in list(registry.subscriptions.items()):
        registry.subscriptions[event] = [item for item in handlers if id(item) not in gone]
    registry.settings.pop(key, None)
    for number in gone:
        del registry.owners[number]


def _quarantine_unfit(registry: Registry) -> None:
    """Put modules out of order whose declarations name what is not there, and then those that need them."""
    again = True
    while again:
        again = False
        for module in list(registry.modules.values()):
            wrong = [] if module.builtin or module.error else sorted(set(_problems(registry, module)))
            if wrong:
                quarantine(registry, module.key, "; ".join(wrong), module.distribution)
                again = True


def _store(registry: Registry, key: str, hook: str, items: Iterable[Any]) -> None:
    for item in items:
        if hook == "crm_settings":
            registry.settings[key] = item
            continue
        if id(item) in registry.owners:
            raise RegistryError(f"{key} declares {item!r}, which belongs to {registry.owners[id(item)]}")
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


def _problems(registry: Registry, module: Module) -> Iterator[str]:
    """What a module declares that names what nobody declares."""
    own = [item for items in registry.declared.values() for item in items if _owner(item) == module.key]
    for item in own:
        permission = getattr(item, "permission", "")
        name = f"{permission}.view" if isinstance(item, specs.RecordType) else permission
        if name and name not in registry.permissions:
            yield f"{module.key}: nobody declares the permission {name!r}"
        event = getattr(item, "event", "*") if isinstance(item, specs.Spec) else "*"
        if event != "*" and event not in registry.events:
            yield f"{module.key}: nobody declares the event {event!r}"
        if isinstance(item, specs.Action | specs.Filter) and item.record_type not in registry.records:
            yield f"{module.key}: nobody declares the record type {item.record_type!r}"
        if isinstance(item, specs.Subscription) and item.batch and item.in_transaction and item.event != "*":
            yield f"{module.key}: the subscription {item.name!r} takes batches in the transaction, so it must be of *"
    for need in module.manifest.requires:
        if need not in registry.modules or registry.modules[need].error:
            yield f"{module.key} requires {need!r}, which is not installed"
    if _refers_to_people(module) and not hasattr(module.source, "crm_personal_data"):
        yield f"{module.key} keeps rows about people and has no crm_personal_data"
    yield from _twice(registry, module, own)


def _refers_to_people(module: Module) -> bool:
    """Whether a plugin's tables point at customers, contacts or leads; what is core's own answers for itself."""
    if module.source.__name__.startswith(("core.", "tenants.")):
        return False
    prefix = module.key.replace(".", "_") + "_"
    columns = (c for name, table in metadata.tables.items() if name.startswith(prefix) for c in table.columns)
    return any(isinstance(c.type, Ref) and c.type.record_type in PEOPLE for c in columns)


def _twice(registry: Registry, module: Module, own: Sequence[Any]) -> Iterator[str]:
    """Names that a module uses for two things of one kind, or that another module uses already."""
    others = registry.declared.values() if not module.builtin else ()
    seen = {_mark(item) for items in others for item in items if _owner(item) not in ("", module.key)}
    for item in own:
        mark = _mark(item)
        if mark is not None and mark in seen:
            yield f"{module.key}: {type(item).__name__} {mark[-1]!r} is declared twice"
        seen.add(mark)


def _mark(item: Any) -> tuple[Any, ...] | None:
    """What must be the only one of its kind; filters and subscriptions carry their module's name anyway."""
    name = getattr(item, "key", None) or getattr(item, "name", None)
    if not isinstance(item, specs.Spec) or not name:
        return None
    whose = item.plugin if isinstance(item, specs.Filter | specs.Subscription) else ""
    return (type(item), whose, getattr(item, "slot", ""), getattr(item, "record_type", ""), name)


def _owner(item: Any) -> str:
    return getattr(item, "plugin", "") if isinstance(item, specs.Spec) else ""
