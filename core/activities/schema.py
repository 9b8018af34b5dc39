"""What is sent and shown of activities."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import LongText, ShortText

Kind = Literal["note", "call", "meeting", "email", "visit", "message"]
Direction = Literal["in", "out"]
Outcome = Literal["reached", "no_answer", "call_back", "interested", "not_interested", "agreed"]
CustomerRef = Annotated[UUID | None, Meta(title=N_("Customer"), extra={"kind": "ref", "ref": "customer"})]
ContactRef = Annotated[UUID | None, Meta(title=N_("Contact"), extra={"kind": "ref", "ref": "contact"})]
LeadRef = Annotated[UUID | None, Meta(title=N_("Lead"), extra={"kind": "ref", "ref": "lead"})]
DealRef = Annotated[UUID | None, Meta(title=N_("Deal"), extra={"kind": "ref", "ref": "deal"})]
Owner = Annotated[UUID | None, Meta(title=N_("Owner"), extra={"kind": "member"})]
Minutes = Annotated[int, Meta(ge=0, le=100_000, title=N_("Minutes"))]


class ActivityIn(msgspec.Struct, kw_only=True):
    """Something that was done; without ``occurred_at`` just now, without an owner by whoever logs it.

    What a contact, lead or deal belongs to is linked by itself. ``next_follow_up_on`` is set on the record that
    the activity is about.
    """

    kind: Annotated[Kind, Meta(title=N_("Kind"))] = "note"
    subject: Annotated[ShortText | None, Meta(title=N_("Subject"))] = None
    body: Annotated[LongText | None, Meta(title=N_("What happened?"))] = None
    occurred_at: Annotated[datetime | None, Meta(title=N_("When"))] = None
    duration_min: Minutes | None = None
    direction: Annotated[Direction | None, Meta(title=N_("Direction"))] = None
    outcome: Annotated[Outcome | None, Meta(title=N_("Outcome"))] = None
    customer_id: CustomerRef = None
    contact_id: ContactRef = None
    lead_id: LeadRef = None
    deal_id: DealRef = None
    owner_id: Owner = None
    next_follow_up_on: Annotated[date | None, Meta(title=N_("Next follow-up"))] = None
    external_id: Annotated[ShortText | None, Meta(title=N_("External ID"))] = None


class ActivityPatch(msgspec.Struct, kw_only=True):
    """A correction of some fields; what is left out stays."""

    kind: Kind | UnsetType = UNSET
    subject: ShortText | UnsetType | None = UNSET
    body: LongText | UnsetType | None = UNSET
    occurred_at: datetime | UnsetType = UNSET
    duration_min: Minutes | UnsetType | None = UNSET
    direction: Direction | UnsetType | None = UNSET
    outcome: Outcome | UnsetType | None = UNSET
    customer_id: CustomerRef | UnsetType = UNSET
    contact_id: ContactRef | UnsetType = UNSET
    lead_id: LeadRef | UnsetType = UNSET
    deal_id: DealRef | UnsetType = UNSET
    owner_id: Owner | UnsetType = UNSET
    external_id: ShortText | UnsetType | None = UNSET


class ActivityOut(msgspec.Struct, kw_only=True):
    """An activity as the API shows it."""

    id: UUID
    kind: str
    subject: str | None
    body: str | None
    occurred_at: datetime
    duration_min: int | None
    direction: str | None
    outcome: str | None
    customer_id: UUID | None
    contact_id: UUID | None
    lead_id: UUID | None
    deal_id: UUID | None
    owner_id: UUID | None
    mentions: list[str]
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class LogForm(msgspec.Struct, kw_only=True):
    """The one-line composer: ``follow_up`` counts days from today, a picked day wins over it."""

    kind: Kind = "note"
    text: LongText | None = None
    follow_up: Annotated[int, Meta(ge=0, le=3650)] | None = None
    follow_up_on: date | None = None
    outcome: dict[str, Outcome | None] = {}

    def said(self) -> Outcome | None:
        """The outcome that was chosen for the kind; those of other kinds do not count."""
        return self.outcome.get(self.kind)


class Change(msgspec.Struct, kw_only=True):
    """One field's values before and after, as the reader would write them."""

    field: str
    title: str
    before: str
    after: str


class TimelineEntry(msgspec.Struct, kw_only=True):
    """One thing that happened to a record, or to something that belongs to it."""

    id: UUID
    event: str
    at: datetime
    title: str
    record_type: str
    record_id: UUID
    label: str
    member_id: UUID | None
    actor: str
    changes: list[Change] = []
    activity: ActivityOut | None = None


class Timeline(msgspec.Struct, kw_only=True):
    """Some entries, newest first, and the cursor of older ones."""

    data: list[TimelineEntry]
    next: str | None = None


def to_out(activity: Any) -> ActivityOut:
    """Show an activity as the API does."""
    return msgspec.convert(activity, ActivityOut, from_attributes=True)
