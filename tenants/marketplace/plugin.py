"""The marketplace's part of the product."""

from __future__ import annotations

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.marketplace.events import EVENTS
from tenants.marketplace.jobs import JOBS


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: it is how the others are switched."""
    return Manifest(
        key="marketplace", title=N_("Marketplace"), kind="locked", icon="store", requires=("accounts",)
    )


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Set modules up, and remove them."""
    return JOBS


@hookimpl
def crm_events() -> list[type[Event]]:
    """All that happens to a workspace's modules."""
    return EVENTS
