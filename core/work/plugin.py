"""Jobs: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Check, LivePart, Manifest, Nav, Permission
from core.kernel.i18n import N_
from core.work.api import JobApi
from core.work.checks import queue_problems
from core.work.pages import JobPages, tray


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: long work must be seen."""
    return Manifest(key="work", title=N_("Jobs"), kind="locked", icon="list-checks")


@hookimpl
def crm_permissions() -> list[Permission]:
    """Everybody sees and cancels his own jobs; these are for keys, and for the jobs of others."""
    return [
        Permission(
            name="jobs.edit",
            title=N_("Cancel and repeat one's own jobs"),
            reach=dict.fromkeys(("owner", "admin", "manager", "member", "readonly"), "own"),
        ),
        Permission(
            name="work.view", title=N_("See everybody's jobs"), reach={"owner": "all", "admin": "all"}
        ),
        Permission(
            name="work.manage",
            title=N_("Cancel and repeat everybody's jobs"),
            reach={"owner": "all", "admin": "all"},
        ),
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Jobs for programs."""
    return [JobApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """Jobs for people."""
    return [JobPages]


@hookimpl
def crm_live() -> list[LivePart]:
    """The tray of running jobs."""
    return [LivePart(key="jobs", render=tray)]


@hookimpl
def crm_nav() -> list[Nav]:
    """The list of jobs, among the settings."""
    return [
        Nav(
            key="jobs",
            title=N_("Jobs"),
            icon="list-checks",
            url="/jobs",
            order=640,
            group="settings",
            section="data",
            hint=N_("What runs in the background, and what failed."),
        )
    ]


@hookimpl
def crm_checks() -> list[Check]:
    """Whether the queue is worked off."""
    return [Check(key="queue", title=N_("Background jobs"), run=queue_problems)]
