"""Deals: what the folder gives to the product."""

from __future__ import annotations

from random import Random

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Nav, Panel, Permission, RecordType, TimelineKind, Widget
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.pipeline.deals.api import BoardApi, DealApi
from core.pipeline.deals.board_pages import BoardPages, MovePages
from core.pipeline.deals.pages import DealPages
from core.pipeline.deals.panels import PANELS
from core.pipeline.deals.permissions import PERMISSIONS
from core.pipeline.deals.records import DEAL
from core.pipeline.deals.service_personal import crm_personal_data as crm_personal_data
from core.pipeline.deals.story import EVENTS, TIMELINE
from core.pipeline.deals.widgets import WIDGETS
from core.pipeline.demo import fill_deals
from core.tenancy.ctx import Ctx


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: a pipeline without deals is empty."""
    return Manifest(
        key="deals",
        title=N_("Deals"),
        kind="locked",
        icon="handshake",
        requires=("pipeline", "customers", "contacts"),
    )


@hookimpl
def crm_records() -> list[RecordType]:
    """The deal."""
    return [DEAL]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """The board, moving, winning, losing, reopening."""
    return [DealApi, BoardApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The board, and the page of a deal."""
    return [BoardPages, DealPages, MovePages]


@hookimpl
def crm_permissions() -> list[Permission]:
    """See, create, change, delete, export."""
    return PERMISSIONS


@hookimpl
def crm_events() -> list[type[Event]]:
    """Created, changed, moved, won, lost, reopened, deleted, restored."""
    return EVENTS


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line for each event."""
    return TIMELINE


@hookimpl
def crm_panels() -> list[Panel]:
    """Deals on customers and contacts, the customer on deals."""
    return PANELS


@hookimpl
def crm_widgets() -> list[Widget]:
    """What needs a look, and the funnel."""
    return WIDGETS


@hookimpl
def crm_nav() -> list[Nav]:
    """The board; the list of deals is reached from it and from the palette."""
    return [
        Nav(
            key="pipeline",
            title=N_("Pipeline"),
            icon="square-kanban",
            url="/pipeline",
            order=40,
            permission="deals.view",
            shortcut="g p",
            mobile=True,
            also=("/deals",),
        ),
        Nav(
            key="deals",
            title=N_("Deals"),
            icon="handshake",
            url="/deals",
            order=45,
            permission="deals.view",
            group="palette",
        ),
    ]


@hookimpl
async def crm_demo(ctx: Ctx, rng: Random) -> None:
    """Sell for a year."""
    await fill_deals(ctx, rng)
