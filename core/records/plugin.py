"""What the machinery of record types contributes by itself: saved views."""

from collections.abc import Sequence

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Permission
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.records import events
from core.records.bulk_job import JOB
from core.records.panels import PanelPages
from core.records.personal import crm_personal_data as crm_personal_data
from core.records.views_api import SavedViewApi


@hookimpl
def crm_manifest() -> Manifest:
    """Belong to every workspace."""
    return Manifest(key="records", title=N_("Lists and views"), kind="locked", icon="table")


@hookimpl
def crm_permissions() -> Sequence[Permission]:
    """Let everybody save views, and those who lead share them."""
    return [
        Permission(
            name="views.view",
            title=N_("Use saved views"),
            reach={"owner": "all", "admin": "all", "manager": "all", "member": "all", "readonly": "all"},
        ),
        Permission(
            name="views.edit",
            title=N_("Save views of one's own"),
            reach={"owner": "all", "admin": "all", "manager": "all", "member": "all", "readonly": "all"},
        ),
        Permission(
            name="views.share",
            title=N_("Share views with everybody"),
            reach={"owner": "all", "admin": "all", "manager": "all", "member": "none", "readonly": "none"},
        ),
    ]


@hookimpl
def crm_events() -> Sequence[type[Event]]:
    """Tell of views."""
    return [events.SavedViewCreated, events.SavedViewUpdated, events.SavedViewDeleted]


@hookimpl
def crm_jobs() -> Sequence[JobSpec]:
    """Act on whole lists in the background."""
    return [JOB]


@hookimpl
def crm_pages() -> Sequence[type[Controller]]:
    """Serve the panels of record pages."""
    return [PanelPages]


@hookimpl
def crm_api() -> Sequence[type[Controller]]:
    """Serve saved views."""
    return [SavedViewApi]
