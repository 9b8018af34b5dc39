"""The change feed: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Permission
from core.feed.api import ChangesApi
from core.kernel.i18n import N_


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: other systems follow a workspace by it."""
    return Manifest(key="feed", title=N_("Change feed"), kind="locked", icon="rss")


@hookimpl
def crm_permissions() -> list[Permission]:
    """Whoever reads the feed sees all records' values, so it takes a reach over all of them."""
    return [
        Permission(
            name="events.view",
            title=N_("Read the change feed"),
            reach={"owner": "all", "admin": "all"},
            scope="changes:read",
        )
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Give what happened."""
    return [ChangesApi]
