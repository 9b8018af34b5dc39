"""How workspaces begin, as the control plane's log tells it."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class WorkspaceCreated(Event, frozen=True, kw_only=True):
    """Somebody made a workspace."""

    name: ClassVar[str] = "workspace.created"
    webhook: ClassVar[bool] = False
    summary: ClassVar[str] = N_("The workspace was made.")
