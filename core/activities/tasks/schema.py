"""What is sent and shown of tasks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.activities.schema import ContactRef, CustomerRef, DealRef, LeadRef
from core.kernel.i18n import N_
from core.kernel.types import LongText, Name, ShortText

Priority = Literal["low", "normal", "high"]
TaskTitle = Annotated[Name, Meta(title=N_("Title"))]
Assignee = Annotated[UUID | None, Meta(title=N_("Assignee"), extra={"kind": "member"})]


class TaskIn(msgspec.Struct, kw_only=True):
    """A new task, or an appointment where it has a beginning; without an owner it is for whoever creates it.

    An appointment that overlaps another of its owner is refused unless ``allow_overlap`` says that it may.
    """

    title: TaskTitle
    due_on: Annotated[date | None, Meta(title=N_("Due"))] = None
    starts_at: Annotated[datetime | None, Meta(title=N_("Starts"))] = None
    ends_at: Annotated[datetime | None, Meta(title=N_("Ends"))] = None
    allow_overlap: Annotated[bool, Meta(title=N_("Book even if it overlaps another appointment"))] = False
    place: Annotated[ShortText | None, Meta(title=N_("Place"))] = None
    priority: Annotated[Priority, Meta(title=N_("Priority"))] = "normal"
    owner_id: Assignee = None
    customer_id: CustomerRef = None
    contact_id: ContactRef = None
    lead_id: LeadRef = None
    deal_id: DealRef = None
    remind_at: Annotated[datetime | None, Meta(title=N_("Remind"))] = None
    notes: Annotated[LongText | None, Meta(title=N_("Notes"))] = None
    external_id: Annotated[ShortText | None, Meta(title=N_("External ID"))] = None


class TaskPatch(msgspec.Struct, kw_only=True):
    """A change of some fields; what is left out stays."""

    title: TaskTitle | UnsetType = UNSET
    due_on: Annotated[date | None, Meta(title=N_("Due"))] | UnsetType = UNSET
    starts_at: Annotated[datetime | None, Meta(title=N_("Starts"))] | UnsetType = UNSET
    ends_at: Annotated[datetime | None, Meta(title=N_("Ends"))] | UnsetType = UNSET
    allow_overlap: (
        Annotated[bool, Meta(title=N_("Book even if it overlaps another appointment"))] | UnsetType
    ) = UNSET
    place: Annotated[ShortText | None, Meta(title=N_("Place"))] | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    owner_id: Assignee | UnsetType = UNSET
    customer_id: CustomerRef | UnsetType = UNSET
    contact_id: ContactRef | UnsetType = UNSET
    lead_id: LeadRef | UnsetType = UNSET
    deal_id: DealRef | UnsetType = UNSET
    remind_at: Annotated[datetime | None, Meta(title=N_("Remind"))] | UnsetType = UNSET
    notes: Annotated[LongText | None, Meta(title=N_("Notes"))] | UnsetType = UNSET
    external_id: ShortText | UnsetType | None = UNSET


class TaskOut(msgspec.Struct, kw_only=True):
    """A task as the API shows it."""

    id: UUID
    title: str
    notes: str | None
    due_on: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    place: str | None
    priority: str
    owner_id: UUID | None
    customer_id: UUID | None
    contact_id: UUID | None
    lead_id: UUID | None
    deal_id: UUID | None
    remind_at: datetime | None
    done_at: datetime | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class Snooze(msgspec.Struct, kw_only=True):
    """Until when a task is put off: a day, or a number of days from today."""

    until: Annotated[date | None, Meta(title=N_("Until"))] = None
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class QuickTask(msgspec.Struct, kw_only=True):
    """The one-line form: what, when, a day or an appointment of an hour, and about whom."""

    title: TaskTitle
    due_on: date | None = None
    at: Annotated[str, Meta(max_length=5)] | None = None
    allow_overlap: bool = False
    customer_id: CustomerRef = None
    contact_id: ContactRef = None
    lead_id: LeadRef = None
    deal_id: DealRef = None


def to_out(task: Any) -> TaskOut:
    """Show a task as the API does."""
    return msgspec.convert(task, TaskOut, from_attributes=True)
