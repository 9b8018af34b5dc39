"""Every hook of the product, one sentence each. Hooks declare; nothing calls them on a request path."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click
    import msgspec
    from litestar import Controller

    from core.ext import specs
    from core.kernel.events import Event

PROJECT = "guanxi"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def crm_manifest() -> specs.Manifest:  # type: ignore[empty-body]
    """Say what the module is; every module has exactly one manifest."""


@hookspec
def crm_records() -> Sequence[specs.RecordType]:  # type: ignore[empty-body]
    """Declare record types: lists, API, bulk, import, export, saved views and search follow from them."""


@hookspec
def crm_api() -> Sequence[type[Controller]]:  # type: ignore[empty-body]
    """Give JSON controllers, mounted under ``/api/v1``, for plugins under ``/api/v1/<key>``."""


@hookspec
def crm_pages() -> Sequence[type[Controller]]:  # type: ignore[empty-body]
    """Give HTML controllers, mounted under ``/w/{workspace}``, for plugins under ``/w/{workspace}/<key>``."""


@hookspec
def crm_public() -> Sequence[type[Controller]]:  # type: ignore[empty-body]
    """Give controllers that need no login: under ``/``, for plugins ``/p/{workspace}/<key>``."""


@hookspec
def crm_permissions() -> Sequence[specs.Permission]:  # type: ignore[empty-body]
    """Declare permissions with their default reach per built-in role."""


@hookspec
def crm_jobs() -> Sequence[specs.JobSpec]:  # type: ignore[empty-body]
    """Declare background jobs, their schedules, retries and time limits."""


@hookspec
def crm_events() -> Sequence[type[Event]]:  # type: ignore[empty-body]
    """Declare the event types that the module emits."""


@hookspec
def crm_subscriptions() -> Sequence[specs.Subscription]:  # type: ignore[empty-body]
    """Declare handlers of events, inside the transaction or after it."""


@hookspec
def crm_nav() -> Sequence[specs.Nav]:  # type: ignore[empty-body]
    """Declare entries of the menu and the command palette."""


@hookspec
def crm_panels() -> Sequence[specs.Panel]:  # type: ignore[empty-body]
    """Declare cards for the slots of record pages."""


@hookspec
def crm_timeline() -> Sequence[specs.TimelineKind]:  # type: ignore[empty-body]
    """Say how events read on a timeline."""


@hookspec
def crm_widgets() -> Sequence[specs.Widget]:  # type: ignore[empty-body]
    """Declare cards of the Today page."""


@hookspec
def crm_steps() -> Sequence[specs.Step]:  # type: ignore[empty-body]
    """Declare first steps for the checklist of a new workspace."""


@hookspec
def crm_live() -> Sequence[specs.LivePart]:  # type: ignore[empty-body]
    """Declare parts of the shell that change while a page stands open."""


@hookspec
def crm_banners() -> Sequence[specs.Banner]:  # type: ignore[empty-body]
    """Declare lines above every page: something about the account or the workspace that everybody there must know."""


@hookspec
def crm_actions() -> Sequence[specs.Action]:  # type: ignore[empty-body]
    """Declare actions on selected records."""


@hookspec
def crm_filters() -> Sequence[specs.Filter]:  # type: ignore[empty-body]
    """Declare conditions on records of other modules, for lists and saved views."""


@hookspec
def crm_settings() -> type[msgspec.Struct]:  # type: ignore[empty-body]
    """Give the struct of the module's settings; every field has a default, and ``Secret`` fields are sealed."""


@hookspec
def crm_personal_data() -> Sequence[specs.PersonalData]:  # type: ignore[empty-body]
    """Declare what the module holds about people; a plugin with references to people must."""


@hookspec
def crm_checks() -> Sequence[specs.Check]:  # type: ignore[empty-body]
    """Declare health checks for ``guanxi doctor``."""


@hookspec
def crm_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Add commands to ``guanxi``."""


@hookspec
def crm_processes() -> Sequence[specs.Process]:  # type: ignore[empty-body]
    """Declare processes that ``guanxi up`` runs beside web and worker."""


@hookspec
async def crm_seed(ctx: Any) -> None:
    """Give a new workspace what it begins with; called once, in the order of the modules that it begins with."""


@hookspec
async def crm_install(ctx: Any) -> None:
    """Prepare a workspace that switches the module on for the first time; its tables are there already."""


@hookspec
async def crm_upgrade(ctx: Any, from_version: str) -> None:
    """Bring a workspace's rows up from an earlier version, or up to date after the module was off."""


@hookspec
async def crm_uninstall(ctx: Any, keep_data: bool) -> None:
    """Clear what the module left outside of its own tables, which are removed next unless they are kept."""


@hookspec
async def crm_demo(ctx: Any, rng: Random) -> None:
    """Fill a demo workspace with believable rows, deterministic from ``rng``; called in the order of modules."""


@hookspec
async def crm_authenticate(runtime: Any, request: Any) -> Any:
    """Say who sends a request, and for which tenant; implemented by the control plane alone."""


def manager() -> pluggy.PluginManager:
    """A plugin manager that knows every hook and nobody who implements one."""
    made = pluggy.PluginManager(PROJECT)
    made.add_hookspecs(sys.modules[__name__])
    return made
