"""The marketplace's part of the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Banner, JobSpec, Manifest, Nav, Permission, Reach, Step, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.marketplace import unpaid
from tenants.marketplace.api import PluginApi
from tenants.marketplace.banners import out_of_breath
from tenants.marketplace.events import DISABLED, EVENTS, PluginDisabled
from tenants.marketplace.jobs import JOBS
from tenants.marketplace.pages import MarketplacePages
from tenants.marketplace.queries import has_taken
from tenants.marketplace.schema import KeepUp
from tenants.marketplace.upkeep import EVERY_S, NAME, keep_up


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: it is how the others are switched."""
    return Manifest(
        key="marketplace", title=N_("Marketplace"), kind="locked", icon="store", requires=("accounts",)
    )


@hookimpl
def crm_permissions() -> list[Permission]:
    """Administrators choose what the workspace has; others may look."""
    all_: dict[str, Reach] = dict.fromkeys(("owner", "admin", "manager", "member", "readonly"), "all")
    admins: dict[str, Reach] = {"owner": "all", "admin": "all"}
    return [
        Permission(name="plugins.view", title=N_("See the marketplace"), reach=all_),
        Permission(name="plugins.manage", title=N_("Switch and set modules"), reach=admins),
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """The modules of a workspace, for programs."""
    return [PluginApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The catalogue and the page of each module."""
    return [MarketplacePages]


@hookimpl
def crm_banners() -> list[Banner]:
    """Say which module rests after failures."""
    return [Banner(key="resting", render=out_of_breath, permission="plugins.manage", order=30)]


@hookimpl
def crm_nav() -> list[Nav]:
    """An entry of the menu."""
    return [
        Nav(
            key="marketplace",
            title=N_("Marketplace"),
            icon="store",
            url="/marketplace",
            order=900,
            permission="plugins.view",
            group="apps",
        )
    ]


@hookimpl
def crm_steps() -> list[Step]:
    """An administrator's: see what else there is."""
    return [
        Step(
            key="marketplace",
            title=N_("Switch on a module"),
            url="/marketplace",
            is_done=has_taken,
            permission="plugins.manage",
            order=820,
        )
    ]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Set modules up, remove them, keep them up to date, and switch off what nobody pays for."""
    return [
        *JOBS,
        *unpaid.JOBS,
        JobSpec(name=NAME, handler=keep_up, params=KeepUp, kind="control", every_s=EVERY_S),
    ]


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """Say why a module is off."""
    return [
        TimelineKind(
            event=PluginDisabled.name, icon="store", summary=lambda event, t: t(DISABLED[event.reason])
        )
    ]


@hookimpl
def crm_events() -> list[type[Event]]:
    """All that happens to a workspace's modules."""
    return EVENTS
