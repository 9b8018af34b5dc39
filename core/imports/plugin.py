"""Imports: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Nav, Permission, TimelineKind
from core.imports import events
from core.imports.api import ImportApi
from core.imports.jobs import JOBS
from core.imports.pages import ImportPages
from core.imports.personal import crm_personal_data as crm_personal_data
from core.kernel.events import Event
from core.kernel.i18n import N_

EVENTS: list[type[Event]] = [events.ImportFinished, events.ImportReverted]
ICONS = {"finished": "file-up", "reverted": "undo-2"}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: every workspace begins with a file of customers."""
    return Manifest(key="imports", title=N_("Imports"), kind="locked", icon="file-up")


@hookimpl
def crm_permissions() -> list[Permission]:
    """See imports and run them; what they write needs the rights on the records as well."""
    return [
        Permission(
            name="imports.view",
            title=N_("See imports"),
            reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
        ),
        Permission(
            name="imports.run",
            title=N_("Import files and revert imports"),
            reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
        ),
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Imports for programs."""
    return [ImportApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The wizard."""
    return [ImportPages]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Rows in steps, and their way back."""
    return JOBS


@hookimpl
def crm_events() -> list[type[Event]]:
    """Finished, reverted."""
    return EVENTS


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line for each event."""
    return [
        TimelineKind(
            event=event.name,
            icon=ICONS[event.name.partition(".")[2]],
            summary=lambda stored, t: t(type(stored).summary),
        )
        for event in EVENTS
    ]


@hookimpl
def crm_nav() -> list[Nav]:
    """The list of imports, among the settings."""
    return [
        Nav(
            key="imports",
            title=N_("Import"),
            icon="file-up",
            url="/imports",
            order=600,
            permission="imports.view",
            group="settings",
            section="data",
            hint=N_("Records from Excel, CSV or pasted rows."),
        )
    ]
