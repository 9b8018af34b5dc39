"""What happens to a workspace as a whole, as the control plane's log tells it."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class WorkspaceUpdated(Event, frozen=True, kw_only=True):
    """Its name, language, zone, country or currency changed."""

    name: ClassVar[str] = "workspace.updated"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The company profile was changed")


class WorkspaceMoved(Event, frozen=True, kw_only=True):
    """It has another address."""

    name: ClassVar[str] = "workspace.moved"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The workspace moved to another address")


class WorkspaceExported(Event, frozen=True, kw_only=True):
    """All of its data left it as an archive."""

    name: ClassVar[str] = "workspace.exported"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The whole workspace was exported")


class WorkspaceImported(Event, frozen=True, kw_only=True):
    """Another workspace was made of an archive; both tell it."""

    name: ClassVar[str] = "workspace.imported"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("A workspace was made from an archive")


class WorkspaceClosed(Event, frozen=True, kw_only=True):
    """It was closed, and is removed ``remove_at`` then."""

    name: ClassVar[str] = "workspace.closed"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The workspace was closed")

    remove_at: str = ""


class WorkspaceReopened(Event, frozen=True, kw_only=True):
    """An owner opened it again in time."""

    name: ClassVar[str] = "workspace.reopened"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The workspace was opened again")


class OwnershipTransferred(Event, frozen=True, kw_only=True):
    """Another member owns it now."""

    name: ClassVar[str] = "workspace.ownership_transferred"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("Ownership was handed over")


class SandboxMade(Event, frozen=True, kw_only=True):
    """Its sandbox was made, or made anew from what the workspace held then."""

    name: ClassVar[str] = "sandbox.made"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The sandbox was copied from the workspace")


class SandboxRemoved(Event, frozen=True, kw_only=True):
    """Its sandbox was removed with the test keys."""

    name: ClassVar[str] = "sandbox.removed"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The sandbox was removed")


EVENTS = (
    WorkspaceUpdated,
    WorkspaceMoved,
    WorkspaceExported,
    WorkspaceImported,
    WorkspaceClosed,
    WorkspaceReopened,
    OwnershipTransferred,
    SandboxMade,
    SandboxRemoved,
)
