"""API keys: how programs come in."""

from __future__ import annotations

from typing import Any

import click
from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Nav, Permission, Reach, Step, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.api_keys.api import KeyApi, MeApi
from tenants.api_keys.authentication import authenticate
from tenants.api_keys.commands import keys
from tenants.api_keys.events import EVENTS
from tenants.api_keys.jobs import JOBS
from tenants.api_keys.pages import KeyPages
from tenants.api_keys.queries import has_keys


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: the API needs it."""
    return Manifest(key="api_keys", title=N_("API keys"), kind="locked", icon="key-round")


@hookimpl
def crm_permissions() -> list[Permission]:
    """Administrators manage keys; a key may see what there is, and no scope lets it manage any."""
    reach: dict[str, Reach] = {"owner": "all", "admin": "all"}
    return [
        Permission(name="api_keys.view", title=N_("See API keys and what they did"), reach=reach),
        Permission(name="api_keys.manage", title=N_("Manage API keys"), reach=reach, scope="api_keys:manage"),
    ]


@hookimpl
def crm_commands() -> list[click.Command]:
    """``guanxi keys``."""
    return [keys]


@hookimpl
async def crm_authenticate(runtime: Any, request: Any) -> Any:
    """Know a program by its bearer key."""
    return await authenticate(runtime, request)


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Tell a program about its key, and about those of its workspace."""
    return [MeApi, KeyApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The keys of a workspace."""
    return [KeyPages]


@hookimpl
def crm_nav() -> list[Nav]:
    """A card of the settings page."""
    return [
        Nav(
            key="keys",
            title=N_("API keys"),
            icon="key-round",
            url="/settings/keys",
            order=300,
            permission="api_keys.view",
            group="settings",
            in_sandbox=False,
            section="developers",
            hint=N_("What lets other programs in, and what each of them did."),
        )
    ]


@hookimpl
def crm_steps() -> list[Step]:
    """An administrator's: let other programs in."""
    return [
        Step(
            key="api_key",
            title=N_("Make an API key"),
            url="/settings/keys",
            is_done=has_keys,
            permission="api_keys.manage",
            order=810,
        )
    ]


@hookimpl
def crm_events() -> list[type[Event]]:
    """Made, rotated, revoked."""
    return list(EVENTS)


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """A sentence for each, with the key's name."""
    return [
        TimelineKind(
            event=event.name,
            icon="key-round",
            summary=lambda stored, t: t(type(stored).summary, name=stored.label),
        )
        for event in EVENTS
    ]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Keep the log of requests within its bounds."""
    return JOBS
