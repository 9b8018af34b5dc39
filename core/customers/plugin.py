"""Customers: what the folder gives to the product."""

from __future__ import annotations

from random import Random

from litestar import Controller

from core.customers import events, events_classes, service_demo
from core.customers.api import CustomerPartsApi
from core.customers.classes import CUSTOMER_CLASS
from core.customers.nav import NAV
from core.customers.pages import AddressPages, ClassPages, CustomerPages, CustomerPartPages
from core.customers.panels import PANELS
from core.customers.permissions import PERMISSIONS
from core.customers.personal import crm_personal_data as crm_personal_data
from core.customers.records import CUSTOMER
from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Nav, Panel, Permission, RecordType, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx

ICONS: dict[type[Event], str] = {
    events.CustomerCreated: "sparkles",
    events.CustomerUpdated: "pencil",
    events.CustomerDeleted: "trash-2",
    events.CustomerRestored: "archive-restore",
    events.CustomerMerged: "merge",
    events.AddressAdded: "map-pin",
    events.AddressChanged: "map-pin",
    events.AddressRemoved: "map-pin",
    events.CustomersRelated: "link",
    events.CustomersUnrelated: "unplug",
    events_classes.ClassCreated: "network",
    events_classes.ClassUpdated: "network",
    events_classes.ClassDeleted: "network",
    events_classes.ClassRestored: "network",
}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: everything else points at customers."""
    return Manifest(key="customers", title=N_("Customers"), kind="locked", icon="building-2")


@hookimpl
def crm_records() -> list[RecordType]:
    """The customer, and the classes that customers are put into."""
    return [CUSTOMER, CUSTOMER_CLASS]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Addresses, relations, merging."""
    return [CustomerPartsApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The page of a customer, its parts, and the classification tree."""
    return [CustomerPages, CustomerPartPages, AddressPages, ClassPages]


@hookimpl
def crm_panels() -> list[Panel]:
    """Further addresses and relations."""
    return PANELS


@hookimpl
def crm_permissions() -> list[Permission]:
    """See, create, change, delete, export; and the classification tree, which administrators keep."""
    return PERMISSIONS


@hookimpl
def crm_events() -> list[type[Event]]:
    """All that happens to customers."""
    return list(ICONS)


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line for each event."""
    return [
        TimelineKind(event=event.name, icon=icon, summary=lambda stored, t: t(type(stored).summary))
        for event, icon in ICONS.items()
    ]


@hookimpl
def crm_nav() -> list[Nav]:
    """The list of customers, and among the settings the classification tree."""
    return NAV


@hookimpl
async def crm_demo(ctx: Ctx, rng: Random) -> None:
    """Companies and persons, classed, with addresses and relations."""
    await service_demo.fill(ctx, rng)
