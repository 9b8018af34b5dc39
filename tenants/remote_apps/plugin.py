"""Remote apps: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Panel, Permission, Reach, Subscription, TimelineKind
from core.kernel.events import Event
from core.kernel.i18n import N_
from tenants.remote_apps.api import RemoteAppApi
from tenants.remote_apps.events import EVENTS
from tenants.remote_apps.frames import TYPES, FramePages, drawn
from tenants.remote_apps.hand_over import follow_hand_over
from tenants.remote_apps.jobs import JOBS
from tenants.remote_apps.pages import RemoteAppPages


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: it is how others' programs come in without being installed."""
    return Manifest(
        key="remote_apps",
        title=N_("Remote apps"),
        kind="locked",
        icon="plug-zap",
        requires=("api_keys", "webhooks"),
    )


@hookimpl
def crm_permissions() -> list[Permission]:
    """Administrators let apps in."""
    reach: dict[str, Reach] = {"owner": "all", "admin": "all"}
    return [
        Permission(name="remote_apps.view", title=N_("See remote apps and what they did"), reach=reach),
        Permission(name="remote_apps.manage", title=N_("Let remote apps in and stop them"), reach=reach),
    ]


@hookimpl
def crm_api() -> list[type[Controller]]:
    """Remote apps, for programs."""
    return [RemoteAppApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """Remote apps for people, and the frames of their panels."""
    return [RemoteAppPages, FramePages]


@hookimpl
def crm_panels() -> list[Panel]:
    """A place on the pages of records, where an app has one."""
    panels = []
    for record_type in TYPES:
        render, is_wanted = drawn(record_type)
        panels.append(
            Panel(
                slot=f"{record_type}.side",
                key="remote_apps",
                title=N_("Remote apps"),
                render=render,
                is_wanted=is_wanted,
                order=800,
            )
        )
    return panels


@hookimpl
def crm_events() -> list[type[Event]]:
    """What happens to apps."""
    return list(EVENTS)


@hookimpl
def crm_timeline() -> list[TimelineKind]:
    """A sentence for each, with the app's name."""
    return [
        TimelineKind(
            event=event.name,
            icon="plug-zap",
            summary=lambda stored, t: t(type(stored).summary, name=stored.label),
        )
        for event in EVENTS
    ]


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """Let a successor answer for the apps of whoever leaves."""
    return [Subscription(event="member.handed_over", name="apps", handler=follow_hand_over)]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Read manifests, and keep webhooks as they are to be."""
    return JOBS
