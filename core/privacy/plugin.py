"""Personal data: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Nav, Panel, Permission, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.privacy import events
from core.privacy.api import DataRequestApi
from core.privacy.jobs import JOBS
from core.privacy.pages import HERE, DataRequestPages, tab
from core.privacy.people import MODELS
from core.privacy.personal import crm_personal_data as crm_personal_data
from core.privacy.service import MANAGE

EVENTS: dict[type[Event], str] = {
    events.DataRequested: "shield",
    events.DataRequestFinished: "shield",
    events.RestrictionLifted: "shield",
}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: the law asks it of every workspace."""
    return Manifest(
        key="privacy",
        title=N_("Personal data"),
        kind="locked",
        icon="shield",
        requires=("customers", "contacts", "leads"),
    )


@hookimpl
def crm_permissions() -> list[Permission]:
    """One right: what is erased does not come back."""
    return [
        Permission(
            name=MANAGE,
            title=N_("Export, restrict and erase people's data"),
            reach={"owner": "all", "admin": "all"},
        )
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Requests for programs."""
    return [DataRequestApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """Requests for people."""
    return [DataRequestPages]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Exporting, erasing, expiring."""
    return JOBS


@hookimpl
def crm_panels() -> list[Panel]:
    """A tab on every record that may be a person."""
    return [
        Panel(
            slot=f"{record_type}.tab",
            key="personal-data",
            title=N_("Personal data"),
            render=tab,
            order=900,
            permission=MANAGE,
            timeout_ms=10_000,
        )
        for record_type in MODELS
    ]


@hookimpl
def crm_events() -> list[type[Event]]:
    """Taken up, carried out, lifted."""
    return list(EVENTS)


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line each."""
    return [
        TimelineKind(event=event.name, icon=icon, summary=lambda stored, t: t(type(stored).summary))
        for event, icon in EVENTS.items()
    ]


@hookimpl
def crm_nav() -> list[Nav]:
    """Among the settings."""
    return [
        Nav(
            key="personal-data",
            title=N_("Personal data"),
            icon="shield",
            url=HERE,
            order=615,
            permission=MANAGE,
            group="settings",
            section="data",
            hint=N_("Requests of people to have their data exported, restricted or erased."),
        )
    ]
