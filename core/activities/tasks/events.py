"""What happens to tasks."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from core.kernel.events import Event
from core.kernel.i18n import N_


class TaskCreated(Event, frozen=True, kw_only=True):
    """A task or an appointment was planned."""

    name: ClassVar[str] = "task.created"
    summary: ClassVar[str] = N_("A task was created")

    owner_id: UUID | None = None
    due_on: date | None = None


class TaskUpdated(Event, frozen=True, kw_only=True):
    """Fields of a task changed."""

    name: ClassVar[str] = "task.updated"
    summary: ClassVar[str] = N_("A task was changed")


class TaskCompleted(Event, frozen=True, kw_only=True):
    """A task was done."""

    name: ClassVar[str] = "task.completed"
    summary: ClassVar[str] = N_("A task was completed")


class TaskReopened(Event, frozen=True, kw_only=True):
    """A task that was done is to be done again."""

    name: ClassVar[str] = "task.reopened"
    summary: ClassVar[str] = N_("A task was reopened")


class TaskDeleted(Event, frozen=True, kw_only=True):
    """A task was moved to the bin."""

    name: ClassVar[str] = "task.deleted"
    summary: ClassVar[str] = N_("A task was deleted")


class TaskRestored(Event, frozen=True, kw_only=True):
    """A task was taken out of the bin."""

    name: ClassVar[str] = "task.restored"
    summary: ClassVar[str] = N_("A task was restored")


ICONS: dict[type[Event], str] = {
    TaskCreated: "list-plus",
    TaskUpdated: "pencil",
    TaskCompleted: "circle-check",
    TaskReopened: "rotate-ccw",
    TaskDeleted: "trash-2",
    TaskRestored: "archive-restore",
}
