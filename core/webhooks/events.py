"""What happens to webhooks: for the log of the workspace; webhooks do not tell of themselves."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class WebhookCreated(Event, frozen=True, kw_only=True):
    """A server of others will be told."""

    name: ClassVar[str] = "webhook.created"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A webhook was added")


class WebhookUpdated(Event, frozen=True, kw_only=True):
    """Where to, which events or under which conditions."""

    name: ClassVar[str] = "webhook.updated"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A webhook was changed")


class WebhookDeleted(Event, frozen=True, kw_only=True):
    """Nobody is told there any more."""

    name: ClassVar[str] = "webhook.deleted"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A webhook was deleted")


class WebhookSecretRotated(Event, frozen=True, kw_only=True):
    """There is a new secret; the old one signs as well for a while."""

    name: ClassVar[str] = "webhook.secret_rotated"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The secret of a webhook was replaced")


class WebhookPaused(Event, frozen=True, kw_only=True):
    """It waits, because somebody said so or because it did not work."""

    name: ClassVar[str] = "webhook.paused"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A webhook was paused")

    reason: str


class WebhookResumed(Event, frozen=True, kw_only=True):
    """It is told again."""

    name: ClassVar[str] = "webhook.resumed"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A webhook was resumed")

    backlog: str
