"""What the API shows of a member's day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec

from core.activities.tasks.schema import TaskOut


class FollowUp(msgspec.Struct, kw_only=True):
    """Somebody to turn to: due today, or overdue and not contacted since."""

    record_type: str
    id: UUID
    label: str
    on: date
    phone: str | None = None
    detail: str | None = None


class Today(msgspec.Struct, kw_only=True):
    """Whom to contact, what is to be done by today, and the appointments of the next days."""

    follow_ups: list[FollowUp]
    tasks: list[TaskOut]
    upcoming: list[TaskOut]
