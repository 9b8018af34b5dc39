"""Files on records: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.activities.files import events, jobs
from core.activities.files.api import FileApi
from core.activities.files.pages import FilePages, files_panel
from core.activities.files.personal import crm_personal_data as crm_personal_data
from core.activities.links import FIELDS
from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Panel, Permission, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_

EVENTS: dict[type[Event], str] = {events.FileAttached: "paperclip", events.FileRemoved: "trash-2"}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: every record may have files."""
    return Manifest(key="files", title=N_("Files"), kind="locked", icon="paperclip")


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Upload, list, download, remove."""
    return [FileApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The tab's content, uploads and downloads."""
    return [FilePages]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Remove bytes that nothing mentions."""
    return [jobs.JOB]


@hookimpl
def crm_panels() -> list[Panel]:
    """A tab on everything that activities are about."""
    return [
        Panel(
            slot=f"{record_type}.tab",
            key="files",
            title=N_("Files"),
            render=files_panel,
            order=60,
            permission="files.view",
        )
        for record_type in FIELDS.values()
    ]


@hookimpl
def crm_permissions() -> list[Permission]:
    """How far each reaches is decided by the record that a file lies on."""
    return [
        Permission(
            name="files.view",
            title=N_("See files on records"),
            reach=dict.fromkeys(("owner", "admin", "manager", "member", "readonly"), "all"),
        ),
        Permission(
            name="files.edit",
            title=N_("Add and remove files on records"),
            reach=dict.fromkeys(("owner", "admin", "manager", "member"), "all"),
        ),
    ]


@hookimpl
def crm_events() -> list[type[Event]]:
    """Attached, removed."""
    return list(EVENTS)


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line for each event."""
    return [
        TimelineKind(event=event.name, icon=icon, summary=lambda stored, t: t(type(stored).summary))
        for event, icon in EVENTS.items()
    ]
