"""Tasks: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.activities.links import FIELDS
from core.activities.tasks import events
from core.activities.tasks.api import TaskApi
from core.activities.tasks.jobs import JOB
from core.activities.tasks.pages import CalendarPages, TaskPages, tasks_panel
from core.activities.tasks.permissions import PERMISSIONS
from core.activities.tasks.personal import crm_personal_data as crm_personal_data
from core.activities.tasks.records import COMPLETE, TASK
from core.ext.hooks import hookimpl
from core.ext.specs import Action, JobSpec, Manifest, Nav, Panel, Permission, RecordType, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: follow-ups are planned as tasks."""
    return Manifest(key="tasks", title=N_("Tasks & calendar"), kind="locked", icon="list-todo")


@hookimpl
def crm_records() -> list[RecordType]:
    """The task."""
    return [TASK]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Complete, reopen, put off."""
    return [TaskApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The calendar, the page of a task."""
    return [CalendarPages, TaskPages]


@hookimpl
def crm_nav() -> list[Nav]:
    """The days and the month."""
    return [
        Nav(
            key="calendar",
            title=N_("Tasks & calendar"),
            icon="calendar-check",
            url="/calendar",
            order=50,
            permission="tasks.view",
            short=N_("Tasks"),
            shortcut="g t",
            mobile=True,
        )
    ]


@hookimpl
def crm_panels() -> list[Panel]:
    """What is planned, beside everything that tasks are about."""
    return [
        Panel(
            slot=f"{record_type}.side",
            key="tasks",
            title=N_("Open tasks"),
            render=tasks_panel,
            order=10,
            permission="tasks.view",
        )
        for record_type in FIELDS.values()
    ]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Reminders."""
    return [JOB]


@hookimpl
def crm_actions() -> list[Action]:
    """Finish many at once."""
    return [COMPLETE]


@hookimpl
def crm_permissions() -> list[Permission]:
    """See, create, change, delete, export."""
    return list(PERMISSIONS)


@hookimpl
def crm_events() -> list[type[Event]]:
    """Created, changed, completed, reopened, deleted, restored."""
    return list(events.ICONS)


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line for each event."""
    return [
        TimelineKind(
            event=event.name,
            icon=icon,
            tone="success" if event is events.TaskCompleted else "neutral",
            summary=lambda stored, t: t(type(stored).summary),
        )
        for event, icon in events.ICONS.items()
    ]
