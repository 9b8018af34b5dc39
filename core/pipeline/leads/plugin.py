"""Leads: what the folder gives to the product."""

from __future__ import annotations

from random import Random

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Nav, Permission, RecordType, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.pipeline.leads import events
from core.pipeline.leads.api import LeadApi
from core.pipeline.leads.board_pages import BoardPages, MovePages
from core.pipeline.leads.demo import fill_leads
from core.pipeline.leads.pages import LeadPages
from core.pipeline.leads.permissions import PERMISSIONS
from core.pipeline.leads.personal import crm_personal_data as crm_personal_data
from core.pipeline.leads.records import LEAD
from core.tenancy.ctx import Ctx

EVENTS: list[type[Event]] = [
    events.LeadCreated,
    events.LeadUpdated,
    events.LeadConverted,
    events.LeadDeleted,
    events.LeadRestored,
]
ICONS = ("sparkles", "pencil", "user-check", "trash-2", "undo-2")


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: customers come of leads."""
    return Manifest(
        key="leads",
        title=N_("Leads"),
        kind="locked",
        icon="target",
        requires=("customers", "contacts", "deals"),
    )


@hookimpl
def crm_records() -> list[RecordType]:
    """The lead."""
    return [LEAD]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Converting."""
    return [LeadApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The board, the page of a lead, and its conversion."""
    return [BoardPages, MovePages, LeadPages]


@hookimpl
def crm_permissions() -> list[Permission]:
    """See, create, change, delete, export."""
    return PERMISSIONS


@hookimpl
def crm_events() -> list[type[Event]]:
    """Created, changed, converted, deleted, restored."""
    return EVENTS


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line for each event."""
    return [
        TimelineKind(
            event=event.name,
            icon=icon,
            summary=lambda stored, t: t(type(stored).summary),
            tone="success" if event is events.LeadConverted else "neutral",
        )
        for event, icon in zip(EVENTS, ICONS, strict=True)
    ]


@hookimpl
def crm_nav() -> list[Nav]:
    """The list of leads."""
    return [
        Nav(
            key="leads",
            title=N_("Leads"),
            icon="target",
            url="/leads",
            order=10,
            permission="leads.view",
            shortcut="g l",
        )
    ]


@hookimpl
async def crm_demo(ctx: Ctx, rng: Random) -> None:
    """Meet people at fairs, and make customers of some."""
    await fill_leads(ctx, rng)
