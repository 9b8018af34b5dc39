"""Notifications: what the folder gives to the product."""

from __future__ import annotations

from litestar import Controller

from core.activities.notifications import service
from core.activities.notifications.api import NotificationApi
from core.activities.notifications.pages import NotificationPages, bell
from core.activities.notifications.personal import crm_personal_data as crm_personal_data
from core.ext.hooks import hookimpl
from core.ext.specs import LivePart, Manifest, Permission, Subscription
from core.kernel.i18n import N_

EVERYBODY = ("owner", "admin", "manager", "member", "readonly")


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: modules rely on being able to tell people."""
    return Manifest(key="notifications", title=N_("Notifications"), kind="locked", icon="bell")


@hookimpl
def crm_api() -> list[type[Controller]]:
    """List, mark as read."""
    return [NotificationApi]


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """The bell and its list."""
    return [NotificationPages]


@hookimpl
def crm_live() -> list[LivePart]:
    """The bell."""
    return [LivePart(key="bell", render=bell, permission="notifications.view")]


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """Tell a successor what came with a hand-over."""
    return [Subscription(event="member.handed_over", name="successor", handler=service.tell_successor)]


@hookimpl
def crm_permissions() -> list[Permission]:
    """Everybody reads his own; nobody reads another's."""
    return [
        Permission(
            name="notifications.view",
            title=N_("See one's own notifications"),
            reach=dict.fromkeys(EVERYBODY, "own"),
        ),
        Permission(
            name="notifications.edit",
            title=N_("Mark one's own notifications as read"),
            reach=dict.fromkeys(EVERYBODY, "own"),
        ),
    ]
