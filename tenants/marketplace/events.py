"""What happens to the modules of a workspace; the subject is the workspace, the label the module's name."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class PluginEvent(Event, frozen=True, kw_only=True):
    """Something about one module, by its key."""

    webhook: ClassVar[bool] = False

    plugin: str


class PluginRequested(PluginEvent, frozen=True, kw_only=True):
    """Somebody asked for a module; it is being set up."""

    name: ClassVar[str] = "plugin.requested"
    summary: ClassVar[str] = N_("Module asked for")


class PluginEnabled(PluginEvent, frozen=True, kw_only=True):
    """A module is there and works."""

    name: ClassVar[str] = "plugin.enabled"
    summary: ClassVar[str] = N_("Module switched on")


class PluginDisabled(PluginEvent, frozen=True, kw_only=True):
    """A module is off; its data are where they were.

    ``reason``: '' somebody did it, ``unpaid`` nobody pays for it, ``needs_unpaid`` nobody pays for one that it needs.
    """

    name: ClassVar[str] = "plugin.disabled"
    summary: ClassVar[str] = N_("Module switched off")
    reason: str = ""


class PluginRemovalRequested(PluginEvent, frozen=True, kw_only=True):
    """Somebody asked for a module's data to be exported and removed."""

    name: ClassVar[str] = "plugin.removal_requested"
    summary: ClassVar[str] = N_("Removal of a module asked for")


class PluginUninstalled(PluginEvent, frozen=True, kw_only=True):
    """A module's data are exported and removed."""

    name: ClassVar[str] = "plugin.uninstalled"
    summary: ClassVar[str] = N_("Module removed")


class PluginFailed(PluginEvent, frozen=True, kw_only=True):
    """Setting up or removing a module did not work."""

    name: ClassVar[str] = "plugin.failed"
    summary: ClassVar[str] = N_("Module failed")
    problem: str


class PluginConfigured(PluginEvent, frozen=True, kw_only=True):
    """Settings of a module were changed; ``fields`` names which, and never what secrets are."""

    name: ClassVar[str] = "plugin.configured"
    summary: ClassVar[str] = N_("Module settings changed")
    fields: tuple[str, ...] = ()


DISABLED = {
    "": PluginDisabled.summary,
    "unpaid": N_("Module switched off: nobody pays for it"),
    "needs_unpaid": N_("Module switched off: nobody pays for one that it needs"),
}
"""What is said of a module that is off, by the reason."""
EVENTS: list[type[Event]] = [
    PluginRequested,
    PluginEnabled,
    PluginDisabled,
    PluginRemovalRequested,
    PluginUninstalled,
    PluginFailed,
    PluginConfigured,
]
