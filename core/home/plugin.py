"""Today: what the folder gives to the product."""

from __future__ import annotations

from random import Random
from typing import Any

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Nav
from core.home import demo
from core.home.api import TodayApi
from core.home.pages import TodayPages
from core.kernel.i18n import N_


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: the day begins here. Its demo history needs everything that it is about."""
    return Manifest(
        key="home",
        title=N_("Today"),
        kind="locked",
        icon="sun",
        requires=("customers", "contacts", "leads", "deals", "activities", "tasks"),
    )


@hookimpl
def crm_api() -> list[type[Controller]]:
    """The member's day."""
    return [TodayApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The page and its cards."""
    return [TodayPages]


@hookimpl
def crm_nav() -> list[Nav]:
    """The first entry."""
    return [Nav(key="home", title=N_("Today"), icon="sun", url="/", order=1, shortcut="g h", mobile=True)]


@hookimpl
async def crm_demo(ctx: Any, rng: Random) -> None:
    """Half a year of activities and tasks with the customers, leads and deals that others made."""
    await demo.fill(ctx, rng)
