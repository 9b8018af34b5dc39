"""Notifications in their reader's language."""

from __future__ import annotations

from core.activities.notifications.models import Notification
from core.activities.notifications.schema import NotificationOut
from core.activities.notifications.service import KINDS
from core.tenancy.ctx import Ctx


def to_out(ctx: Ctx, notification: Notification) -> NotificationOut:
    """Show a notification as the API does."""
    _, text = KINDS[notification.kind]
    return NotificationOut(
        id=notification.id,
        kind=notification.kind,
        text=ctx.t(text, **notification.params),
        path=notification.path,
        created_at=notification.created_at,
        read_at=notification.read_at,
    )


def icon(notification: NotificationOut) -> str:
    """The icon of a notification's kind."""
    return KINDS[notification.kind][0]
