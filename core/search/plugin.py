"""Search: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Subscription
from core.kernel.i18n import N_
from core.records import text
from core.search import queries, service
from core.search.api import SearchApi
from core.search.jobs import REBUILD
from core.search.pages import SearchPages
from core.search.personal import crm_personal_data as crm_personal_data

# Lists and fields ask the index from the moment on that it is loaded.
text.use(queries.condition, queries.best)


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: lists and the palette need it."""
    return Manifest(key="search", title=N_("Search"), kind="locked", icon="search")


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """Write the index with every transaction."""
    return [Subscription(event="*", name="index", handler=service.index, in_transaction=True, batch=True)]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Find records."""
    return [SearchApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The page of results and the palette."""
    return [SearchPages]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Write the index anew."""
    return [REBUILD]
