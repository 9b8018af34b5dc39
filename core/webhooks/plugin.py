"""Webhooks: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Check, JobSpec, Manifest, Nav, Permission, Subscription, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.webhooks import events
from core.webhooks.api import DeliveryApi, WebhookApi
from core.webhooks.checks import delivery_problems
from core.webhooks.jobs import JOBS
from core.webhooks.pages import WebhookPages
from core.webhooks.pages_deliveries import DeliveryPages
from core.webhooks.personal import crm_personal_data as crm_personal_data
from core.webhooks.service_deliveries import fan_out

EVENTS: list[type[Event]] = [
    events.WebhookCreated,
    events.WebhookUpdated,
    events.WebhookDeleted,
    events.WebhookSecretRotated,
    events.WebhookPaused,
    events.WebhookResumed,
]
WHO = {"owner": "all", "admin": "all"}


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: other systems follow a workspace by it."""
    return Manifest(key="webhooks", title=N_("Webhooks"), kind="locked", icon="webhook", requires=("feed",))


@hookimpl
def crm_permissions() -> list[Permission]:
    """Whoever makes one sends out what he may see himself."""
    return [
        Permission(name="webhooks.view", title=N_("See webhooks and their log"), reach=WHO),  # type: ignore[arg-type]
        Permission(name="webhooks.manage", title=N_("Manage webhooks"), reach=WHO),  # type: ignore[arg-type]
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Webhooks for programs."""
    return [WebhookApi, DeliveryApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """Webhooks for people."""
    return [WebhookPages, DeliveryPages]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Sending and what belongs to it."""
    return JOBS


@hookimpl
def crm_events() -> list[type[Event]]:
    """What happens to webhooks themselves."""
    return EVENTS


@hookimpl
def crm_checks() -> list[Check]:
    """Nothing lies about that was to be sent long ago."""
    return [Check(key="webhooks", title=N_("Messages to webhooks"), run=delivery_problems)]


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """All events, in batches, of workspaces that have a webhook."""
    return [Subscription(event="*", name="fan_out", handler=fan_out, batch=True)]


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """One line each."""
    return [
        TimelineKind(event=event.name, icon="webhook", summary=lambda stored, t: t(type(stored).summary))
        for event in EVENTS
    ]


@hookimpl
def crm_nav() -> list[Nav]:
    """Among the settings."""
    return [
        Nav(
            key="webhooks",
            title=N_("Webhooks"),
            icon="webhook",
            url="/settings/webhooks",
            order=630,
            permission="webhooks.view",
            group="settings",
            section="developers",
            hint=N_("Tell other systems what happens here, as it happens."),
        )
    ]
