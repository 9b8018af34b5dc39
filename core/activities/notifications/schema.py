"""What is shown of notifications."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class NotificationOut(msgspec.Struct, kw_only=True):
    """A notification in its reader's language; ``path`` leads from the workspace to the cause."""

    id: UUID
    kind: str
    text: str
    path: str
    created_at: datetime
    read_at: datetime | None


class NotificationList(msgspec.Struct, kw_only=True):
    """Some notifications, newest first, how many are unread (to 100), and the cursor of older ones."""

    data: list[NotificationOut]
    unread: int
    next: str | None = None
