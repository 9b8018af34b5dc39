"""The beginning of workspaces."""

from __future__ import annotations

import click
from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.signup import archives, service_signup
from tenants.signup.commands import demo, members, workspaces
from tenants.signup.events import WorkspaceCreated
from tenants.signup.pages import SignupPages, WelcomePages


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: somebody has to begin."""
    return Manifest(
        key="signup", title=N_("Signup"), kind="locked", requires=("accounts", "members", "deals")
    )


@hookimpl
def crm_commands() -> list[click.Command]:
    """``guanxi workspaces``, ``guanxi members`` and ``guanxi demo``."""
    workspaces.add_command(archives.export)
    workspaces.add_command(archives.import_)
    return [workspaces, members, demo]


@hookimpl
def crm_public() -> list[type[Controller]]:
    """The way in for strangers."""
    return [SignupPages]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The three questions."""
    return [WelcomePages]


@hookimpl
def crm_events() -> list[type[Event]]:
    """What the control plane's log tells of workspaces."""
    return [WorkspaceCreated]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Finish what a process that died has begun."""
    return [
        JobSpec(
            name=service_signup.SETTLE,
            handler=service_signup.settle_later,
            params=service_signup.SettleIn,
            kind="control",
            retries=20,
        )
    ]
