"""Activities: what the folder gives to the product."""

from __future__ import annotations

from typing import Any

from litestar import Controller

from core.activities import events
from core.activities.api import TimelineApi
from core.activities.links import FIELDS
from core.activities.pages import ActivityPages, TimelinePages, timeline_panel
from core.activities.permissions import PERMISSIONS
from core.activities.personal import crm_personal_data as crm_personal_data
from core.activities.records import ACTIVITY
from core.activities.service import TITLES
from core.activities.widgets import my_numbers
from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Panel, Permission, RecordType, TimelineKind, Widget
from core.kernel.events import Event
from core.kernel.i18n import N_

EVENTS: list[type[Event]] = [
    events.ActivityLogged,
    events.ActivityUpdated,
    events.ActivityDeleted,
    events.ActivityRestored,
]
ICONS = {"logged": "activity", "updated": "pencil", "deleted": "trash-2", "restored": "archive-restore"}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: every record has a timeline."""
    return Manifest(key="activities", title=N_("Follow-ups"), kind="locked", icon="activity")


@hookimpl
def crm_records() -> list[RecordType]:
    """The activity."""
    return [ACTIVITY]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """The timeline."""
    return [TimelineApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The composer, the timeline, one activity."""
    return [ActivityPages, TimelinePages]


@hookimpl
def crm_panels() -> list[Panel]:
    """The timeline, with the composer on everything that activities are about."""
    return [
        Panel(
            slot=f"{record_type}.main",
            key="timeline",
            title=N_("Timeline"),
            render=timeline_panel,
            order=0,
            permission="activities.view",
        )
        for record_type in (*FIELDS.values(), "task", "activity")
    ]


@hookimpl
def crm_widgets() -> list[Widget]:
    """The reader's own numbers."""
    return [
        Widget(
            key="my_numbers",
            title=N_("My numbers"),
            render=my_numbers,
            order=0,
            permission="activities.view",
            wide=True,
        )
    ]


@hookimpl
def crm_permissions() -> list[Permission]:
    """See, log, change, delete, export. A record's timeline is seen by whoever sees the record."""
    return list(PERMISSIONS)


@hookimpl
def crm_events() -> list[type[Event]]:
    """Logged, changed, deleted, restored."""
    return EVENTS


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line for each event; a logged activity is told by its kind."""
    return [
        TimelineKind(event=event.name, icon=ICONS[event.name.partition(".")[2]], summary=_summary)
        for event in EVENTS
    ]


def _summary(event: Any, t: Any) -> str:
    text = TITLES[event.kind] if isinstance(event, events.ActivityLogged) else type(event).summary
    return str(t(text))
