"""Customers: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.customers import events
from core.customers.pages import CustomerPages
from core.customers.records import CUSTOMER
from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Nav, Permission, RecordType, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_

EVENTS: list[type[Event]] = [
    events.CustomerCreated,
    events.CustomerUpdated,
    events.CustomerDeleted,
    events.CustomerRestored,
]
ICONS = {"created": "sparkles", "updated": "pencil", "deleted": "trash-2", "restored": "archive-restore"}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: everything else points at customers."""
    return Manifest(key="customers", title=N_("Customers"), kind="locked", icon="building-2")


@hookimpl
def crm_records() -> list[RecordType]:
    """The customer."""
    return [CUSTOMER]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The page of a customer."""
    return [CustomerPages]


@hookimpl
def crm_permissions() -> list[Permission]:
    """See, create, change, delete, export; and the classification tree, which administrators keep."""
    return [
        Permission(
            name="customers.view",
            title=N_("See customers"),
            reach={"owner": "all", "admin": "all", "manager": "team", "member": "own", "readonly": "all"},
        ),
        Permission(
            name="customers.create",
            title=N_("Create customers"),
            reach={"owner": "all", "admin": "all", "manager": "all", "member": "all"},
        ),
        Permission(
            name="customers.edit",
            title=N_("Change customers"),
            reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
        ),
        Permission(
            name="customers.delete",
            title=N_("Delete customers"),
            reach={"owner": "all", "admin": "all", "manager": "team"},
        ),
        Permission(
            name="customers.export",
            title=N_("Export customers"),
            reach={"owner": "all", "admin": "all", "manager": "team"},
        ),
        Permission(
            name="customers.classes",
            title=N_("Keep the classification tree"),
            reach={"owner": "all", "admin": "all"},
        ),
    ]


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
    """The list of customers."""
    return [
        Nav(
            key="customers",
            title=N_("Customers"),
            icon="building-2",
            url="/customers",
            order=20,
            permission="customers.view",
            shortcut="g c",
            mobile=True,
        )
    ]
