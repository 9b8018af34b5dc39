"""What a module declares, checked before any of it counts. Pure: it collects and judges, and changes nothing."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any, Final

import click
import msgspec

from core.ext import hooks, specs
from core.kernel.events import Event
from core.kernel.validate import convert, fields
from core.kernel.version import VERSION, fits

SPECS: Final[Mapping[str, type[specs.Spec]]] = {
    "crm_records": specs.RecordType,
    "crm_permissions": specs.Permission,
    "crm_jobs": specs.JobSpec,
    "crm_subscriptions": specs.Subscription,
    "crm_nav": specs.Nav,
    "crm_panels": specs.Panel,
    "crm_timeline": specs.TimelineKind,
    "crm_widgets": specs.Widget,
    "crm_steps": specs.Step,
    "crm_live": specs.LivePart,
    "crm_banners": specs.Banner,
    "crm_actions": specs.Action,
    "crm_filters": specs.Filter,
    "crm_personal_data": specs.PersonalData,
    "crm_checks": specs.Check,
    "crm_processes": specs.Process,
}
CLASSES: Final = frozenset({"crm_api", "crm_pages", "crm_public", "crm_events"})
OURS_ALONE: Final = frozenset({"crm_authenticate", "crm_processes"})
"""Hooks that decide who somebody is, and what runs beside us; an installed distribution may not."""


class RegistryError(Exception):
    """A module declares something impossible."""


def manifest_of(source: ModuleType) -> specs.Manifest:
    """Ask a module what it is; raises :class:`RegistryError` for hooks that do not exist or have another form."""
    name = source.__name__
    known = {hook for hook in vars(hooks) if hook.startswith("crm_")}
    offered = sorted(hook for hook in vars(source) if hook.startswith("crm_"))
    unknown = [hook for hook in offered if hook not in known]
    if unknown:
        raise RegistryError(f"{name} implements hooks that do not exist: {', '.join(unknown)}")
    for hook in offered:
        _check_form(name, hook, getattr(source, hook))
    if "crm_manifest" not in offered:
        raise RegistryError(f"{name} has no crm_manifest")
    manifest = source.crm_manifest()
    if not isinstance(manifest, specs.Manifest):
        raise RegistryError(f"{name}.crm_manifest must return a Manifest, not {type(manifest).__name__}")
    wrong = list(_wrong(manifest))
    if wrong:
        raise RegistryError(f"{name}.crm_manifest: {'; '.join(wrong)}")
    if manifest.requires_core and not fits(manifest.requires_core):
        raise RegistryError(f"{name} needs version {manifest.requires_core}; this is {VERSION}")
    return manifest


def declarations(source: ModuleType, key: str) -> dict[str, list[Any]]:
    """Call the declaring hooks of one module and check what they return; the rest is called when its time comes."""
    found: dict[str, list[Any]] = {}
    for hook in sorted(vars(source)):
        function = getattr(source, hook)
        if not hook.startswith("crm_") or hook == "crm_manifest" or inspect.iscoroutinefunction(function):
            continue
        place = f"{source.__name__}.{hook}"
        answer = function()
        items = [answer] if hook == "crm_settings" else answer
        if not isinstance(items, Sequence) or isinstance(items, str):
            raise RegistryError(f"{place} must return a list, not {type(items).__name__}")
        for item in items:
            _check_item(place, hook, item)
        found[hook] = [_tag(item, key) for item in items]
    return found


def _check_form(name: str, hook: str, function: Any) -> None:
    expected = getattr(hooks, hook)
    if not hasattr(function, f"{hooks.PROJECT}_impl"):
        raise RegistryError(f"{name}.{hook} is no function with @hookimpl")
    if inspect.iscoroutinefunction(function) != inspect.iscoroutinefunction(expected):
        kind = "an async function" if inspect.iscoroutinefunction(expected) else "a plain function"
        raise RegistryError(f"{name}.{hook} must be {kind}")
    if list(inspect.signature(function).parameters) != list(inspect.signature(expected).parameters):
        raise RegistryError(f"{name}.{hook} must take {inspect.signature(expected)}")


def _check_item(place: str, hook: str, item: Any) -> None:
    wanted = SPECS.get(hook)
    if wanted is not None:
        if not isinstance(item, wanted):
            raise RegistryError(f"{place} must return {wanted.__name__}s, not {type(item).__name__}")
        wrong = list(_wrong(item))
    elif hook in CLASSES:
        wrong = [] if isinstance(item, type) else [f"{item!r} is not a class"]
        if hook == "crm_events" and not wrong and not issubclass(item, Event):
            wrong = [f"{item!r} is no event"]
    elif hook == "crm_settings":
        wrong = list(_wrong_settings(item))
    else:
        wrong = [] if isinstance(item, click.Command) else [f"{item!r} is no command"]
    if wrong:
        raise RegistryError(f"{place}: {'; '.join(wrong)}")


def _wrong_settings(struct: Any) -> Iterator[str]:
    if not (isinstance(struct, type) and issubclass(struct, msgspec.Struct)):
        yield f"{struct!r} is no struct"
        return
    needed = [one.name for one in msgspec.structs.fields(struct) if one.required]
    yield from (f"the field {name} has no default" for name in needed)
    problem = "" if needed else _problem_of(struct)
    if problem:
        yield f"the struct cannot be read: {problem}"


def _problem_of(struct: type[msgspec.Struct]) -> str:
    try:
        fields(struct)
        convert(struct, {})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _tag(item: Any, key: str) -> Any:
    return msgspec.structs.replace(item, plugin=key) if isinstance(item, specs.Spec) else item


def _wrong(item: specs.Spec) -> Iterator[str]:
    """What of a declaration is not of its declared type; the library leaves that to whoever reads it."""
    for name, hint in _hints(type(item)).items():
        value = getattr(item, name)
        if not _is(value, hint):
            yield f"{name} is {value!r}"


@cache
def _hints(struct: type[specs.Spec]) -> Mapping[str, Any]:
    return typing.get_type_hints(struct)


def _is(value: Any, hint: Any) -> bool:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_is(value, one) for one in inner)
    if origin is typing.Literal:
        return value in inner
    if origin is type:
        return isinstance(value, type)
    if origin is Callable:
        return callable(value)
    if origin is tuple:
        return isinstance(value, tuple) and all(_is(one, inner[0]) for one in value)
    if hint is float:
        return isinstance(value, int | float)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return hint is Any or isinstance(value, origin or hint)
