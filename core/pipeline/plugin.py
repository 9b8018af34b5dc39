"""Pipelines: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Nav, Permission, Reach, RecordType, Subscription
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.pipeline import events
from core.pipeline import service_seed as seeds
from core.pipeline.api import PipelineApi, StageApi
from core.pipeline.pages import PipelineSettings
from core.pipeline.records import CLOSE_REASON, CURRENCY_RATE, PIPELINE, STAGE
from core.pipeline.service_touch import on_logged
from core.tenancy.ctx import Ctx

EVERYBODY: dict[str, Reach] = {
    "owner": "all",
    "admin": "all",
    "manager": "all",
    "member": "all",
    "readonly": "all",
}
FEW: dict[str, Reach] = {"owner": "all", "admin": "all"}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: deals move through pipelines."""
    return Manifest(key="pipeline", title=N_("Pipelines"), kind="locked", icon="square-kanban")


@hookimpl
def crm_records() -> list[RecordType]:
    """Pipelines, stages, close reasons and exchange rates: settings with an API."""
    return [PIPELINE, STAGE, CLOSE_REASON, CURRENCY_RATE]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Order of stages, archiving."""
    return [PipelineApi, StageApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The settings of selling."""
    return [PipelineSettings]


@hookimpl
def crm_nav() -> list[Nav]:
    """The settings of selling."""
    return [
        Nav(
            key="pipelines",
            title=N_("Pipelines"),
            icon="route",
            url="/settings/pipelines",
            order=300,
            permission="pipelines.edit",
            group="settings",
            section="sales",
            hint=N_("Stages, close reasons, exchange rates."),
        )
    ]


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """Deals and leads note what is logged about them, at once."""
    return [
        Subscription(
            event="activity.logged", name="deals_and_leads_touched", handler=on_logged, in_transaction=True
        )
    ]


@hookimpl
def crm_permissions() -> list[Permission]:
    """Everybody sees how the company sells; administrators shape it."""
    return [
        Permission(name="pipelines.view", title=N_("See pipelines"), reach=EVERYBODY),
        Permission(name="pipelines.create", title=N_("Add pipelines, stages, reasons and rates"), reach=FEW),
        Permission(name="pipelines.edit", title=N_("Change pipelines, stages, reasons and rates"), reach=FEW),
        Permission(
            name="pipelines.delete", title=N_("Archive pipelines, stages, reasons and rates"), reach=FEW
        ),
    ]


@hookimpl
def crm_events() -> list[type[Event]]:
    """What happens to settings of selling."""
    return [
        events.PipelineCreated,
        events.PipelineUpdated,
        events.PipelineArchived,
        events.PipelineRestored,
        events.StageCreated,
        events.StageUpdated,
        events.StageArchived,
        events.StageRestored,
        events.CloseReasonSaved,
        events.CloseReasonArchived,
        events.CurrencyRateSet,
        events.CurrencyRateDeleted,
    ]


@hookimpl
async def crm_seed(ctx: Ctx) -> None:
    """Give a new workspace its first pipeline and close reasons."""
    await seeds.seed(ctx)
