"""Exports: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.exports import events
from core.exports.api import ExportApi
from core.exports.jobs import JOBS
from core.exports.pages import ExportPages
from core.exports.personal import crm_personal_data as crm_personal_data
from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Nav, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: whoever brings data in may take it out."""
    return Manifest(key="exports", title=N_("Exports"), kind="locked", icon="download", requires=("work",))


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Exports for programs."""
    return [ExportApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """Exports for people."""
    return [ExportPages]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Writing and expiring files."""
    return JOBS


@hookimpl
def crm_events() -> list[type[Event]]:
    """Finished."""
    return [events.ExportFinished]


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line."""
    return [
        TimelineKind(
            event=events.ExportFinished.name,
            icon="download",
            summary=lambda stored, t: t(type(stored).summary),
        )
    ]


@hookimpl
def crm_nav() -> list[Nav]:
    """One's exports, among the settings."""
    return [
        Nav(
            key="exports",
            title=N_("Export"),
            icon="download",
            url="/exports",
            order=610,
            group="settings",
            section="data",
            hint=N_("The files that you wrote from lists."),
        )
    ]
