"""What is shown of jobs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class JobOut(msgspec.Struct, kw_only=True):
    """A job as the API shows it; ``state`` is waiting, running, done, failed or cancelled."""

    id: UUID
    name: str
    kind: str
    title: str
    state: str
    done: int
    total: int | None
    failed: int
    attempts: int
    error: str | None
    member_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobList(msgspec.Struct, kw_only=True):
    """A page of jobs, newest first."""

    data: list[JobOut]
    next: str | None = None
