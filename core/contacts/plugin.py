"""Contacts: what the folder gives to the product."""

from __future__ import annotations

from random import Random

from litestar import Controller

from core.contacts import events, service_demo
from core.contacts.api import ContactRolesApi, OrganisationApi
from core.contacts.pages import ContactPages
from core.contacts.panels import PANELS
from core.contacts.permissions import PERMISSIONS
from core.contacts.personal import crm_personal_data as crm_personal_data
from core.contacts.records import CONTACT
from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Nav, Panel, Permission, RecordType, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx

EVENTS: list[type[Event]] = [
    events.ContactCreated,
    events.ContactUpdated,
    events.ContactDeleted,
    events.ContactRestored,
    events.ContactRoleSet,
    events.ContactRoleRemoved,
]
ICONS = {
    "created": "sparkles",
    "updated": "pencil",
    "deleted": "trash-2",
    "restored": "archive-restore",
    "role_set": "link",
    "role_removed": "unplug",
}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: business is done with people."""
    return Manifest(
        key="contacts", title=N_("Contacts"), kind="locked", icon="users", requires=("customers",)
    )


@hookimpl
def crm_records() -> list[RecordType]:
    """The contact."""
    return [CONTACT]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The page of a contact."""
    return [ContactPages]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Parts at further customers, and a customer's organisation."""
    return [ContactRolesApi, OrganisationApi]


@hookimpl
def crm_panels() -> list[Panel]:
    """The people of a customer, its organisation, a contact's team and further customers."""
    return PANELS


@hookimpl
def crm_permissions() -> list[Permission]:
    """See, create, change, delete, export."""
    return PERMISSIONS


@hookimpl
def crm_events() -> list[type[Event]]:
    """Created, changed, deleted, restored."""
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
    """The list of contacts."""
    return [
        Nav(
            key="contacts",
            title=N_("Contacts"),
            icon="users",
            url="/contacts",
            order=30,
            permission="contacts.view",
            shortcut="g n",
            mobile=True,
        )
    ]


@hookimpl
async def crm_demo(ctx: Ctx, rng: Random) -> None:
    """The people of the demo's customers."""
    await service_demo.fill(ctx, rng)
