"""What happens to remote apps, as the control plane's log tells it."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class AppEvent(Event, frozen=True, kw_only=True):
    """Something about one app."""

    webhook: ClassVar[bool] = False


class AppAsked(AppEvent, frozen=True, kw_only=True):
    """An app asks for something that nobody agreed to yet."""

    name: ClassVar[str] = "remote_app.asked"
    summary: ClassVar[str] = N_("Remote app {name} asks for consent")

    scopes: tuple[str, ...] = ()


class AppAgreed(AppEvent, frozen=True, kw_only=True):
    """A person agreed to what an app may do."""

    name: ClassVar[str] = "remote_app.agreed"
    summary: ClassVar[str] = N_("Remote app {name} may do what it asked for")

    scopes: tuple[str, ...] = ()
    listens: tuple[str, ...] = ()
    webhook_url: str = ""
    panels: tuple[str, ...] = ()


class AppDeclined(AppEvent, frozen=True, kw_only=True):
    """A person refused what an app asked for."""

    name: ClassVar[str] = "remote_app.declined"
    summary: ClassVar[str] = N_("What remote app {name} asked for was refused")


class AppPaused(AppEvent, frozen=True, kw_only=True):
    """An app rests: its key, its webhook and its panels."""

    name: ClassVar[str] = "remote_app.paused"
    summary: ClassVar[str] = N_("Remote app {name} was paused")


class AppResumed(AppEvent, frozen=True, kw_only=True):
    """An app works again."""

    name: ClassVar[str] = "remote_app.resumed"
    summary: ClassVar[str] = N_("Remote app {name} was resumed")


class AppSecretReplaced(AppEvent, frozen=True, kw_only=True):
    """An app signs and is signed to by a new secret."""

    name: ClassVar[str] = "remote_app.secret_replaced"
    summary: ClassVar[str] = N_("The secret of remote app {name} was replaced")


class AppRemoved(AppEvent, frozen=True, kw_only=True):
    """An app is gone, with its key, its webhook and its panels."""

    name: ClassVar[str] = "remote_app.removed"
    summary: ClassVar[str] = N_("Remote app {name} was removed")


EVENTS = (AppAsked, AppAgreed, AppDeclined, AppPaused, AppResumed, AppSecretReplaced, AppRemoved)
