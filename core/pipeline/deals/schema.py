"""What is sent and shown of deals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import Currency, LongText, Name, PriceMinor, ShortText, Tag

Tags = Annotated[list[Tag], Meta(max_length=50, title=N_("Tags"))]
Title = Annotated[Name, Meta(title=N_("Name"))]
Customer = Annotated[UUID | None, Meta(title=N_("Customer"), extra={"kind": "ref", "ref": "customer"})]
Contact = Annotated[UUID | None, Meta(title=N_("Contact"), extra={"kind": "ref", "ref": "contact"})]
LeadRef = Annotated[UUID | None, Meta(title=N_("Lead"), extra={"kind": "ref", "ref": "lead"})]
Owner = Annotated[UUID | None, Meta(title=N_("Owner"), extra={"kind": "member"})]
StageRef = Annotated[UUID | None, Meta(title=N_("Stage"), extra={"kind": "ref", "ref": "stage"})]
Reason = Annotated[UUID | None, Meta(title=N_("Reason"), extra={"kind": "ref", "ref": "close_reason"})]
Amount = Annotated[PriceMinor, Meta(title=N_("Amount"))] | None
Coin = Annotated[Currency | None, Meta(title=N_("Currency"))]
Rate = Annotated[Decimal | None, Meta(title=N_("Exchange rate"), extra={"gt": 0, "lt": 10**9})]
Probability = Annotated[int, Meta(ge=0, le=100, title=N_("Probability"), extra={"kind": "percent"})] | None
CloseOn = Annotated[date | None, Meta(title=N_("Expected close"))]
Competitor = Annotated[ShortText | None, Meta(title=N_("Competitor"))]
Source = Annotated[ShortText | None, Meta(title=N_("Source"))]
FollowUp = Annotated[date | None, Meta(title=N_("Next follow-up"))]
Notes = Annotated[LongText | None, Meta(title=N_("Notes"))]
Key = Annotated[ShortText | None, Meta(title=N_("External ID"))]


class DealIn(msgspec.Struct, kw_only=True):
    """A new deal.

    Without a stage it begins in the first one of the default pipeline; without an owner it belongs to whoever
    creates it; without a currency its amount is in the workspace's. ``exchange_rate`` says what one unit of
    its currency is worth in the workspace's own, where no rate is stored.
    """

    name: Title
    customer_id: Customer = None
    contact_id: Contact = None
    stage_id: StageRef = None
    amount_minor: Amount = None
    currency: Coin = None
    exchange_rate: Rate = None
    expected_close_on: CloseOn = None
    probability: Probability = None
    owner_id: Owner = None
    competitor: Competitor = None
    source: Source = None
    lead_id: LeadRef = None
    next_follow_up_on: FollowUp = None
    tags: Tags = msgspec.field(default_factory=list)
    notes: Notes = None
    external_id: Key = None


class DealPatch(msgspec.Struct, kw_only=True):
    """A change of some fields; what is left out stays. A new stage is a move, with its gate."""

    name: Title | UnsetType = UNSET
    customer_id: Customer | UnsetType = UNSET
    contact_id: Contact | UnsetType = UNSET
    stage_id: Annotated[UUID, Meta(title=N_("Stage"), extra={"kind": "ref", "ref": "stage"})] | UnsetType = (
        UNSET
    )
    amount_minor: Amount | UnsetType = UNSET
    currency: Annotated[Currency, Meta(title=N_("Currency"))] | UnsetType = UNSET
    exchange_rate: Rate | UnsetType = UNSET
    expected_close_on: CloseOn | UnsetType = UNSET
    probability: Probability | UnsetType = UNSET
    owner_id: Owner | UnsetType = UNSET
    competitor: Competitor | UnsetType = UNSET
    source: Source | UnsetType = UNSET
    lead_id: LeadRef | UnsetType = UNSET
    next_follow_up_on: FollowUp | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET
    external_id: Key | UnsetType = UNSET


class DealOut(msgspec.Struct, kw_only=True):
    """A deal as the API shows it; a probability of null is the stage's."""

    id: UUID
    number: str
    name: str
    status: str
    customer_id: UUID | None
    contact_id: UUID | None
    lead_id: UUID | None
    owner_id: UUID | None
    pipeline_id: UUID
    stage_id: UUID
    stage_entered_at: datetime
    rank: Decimal
    amount_minor: int | None
    currency: str
    exchange_rate: Decimal | None
    rate_on: date | None
    base_amount_minor: int | None
    probability: int | None
    expected_close_on: date | None
    closed_at: datetime | None
    close_reason_id: UUID | None
    competitor: str | None
    source: str | None
    next_follow_up_on: date | None
    last_contacted_at: datetime | None
    tags: list[str]
    notes: str | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class MoveIn(msgspec.Struct, kw_only=True):
    """Where a deal goes: above one deal, or below one, else on top; ``values`` fill what the stage demands."""

    stage_id: Annotated[UUID, Meta(title=N_("Stage"), extra={"kind": "ref", "ref": "stage"})]
    before: Annotated[UUID | None, Meta(title=N_("Above which deal"))] = None
    after: Annotated[UUID | None, Meta(title=N_("Below which deal"))] = None
    values: DealPatch | None = None


class WinIn(msgspec.Struct, kw_only=True):
    """Why a deal was won, where one cares to say."""

    close_reason_id: Reason = None


class LoseIn(msgspec.Struct, kw_only=True):
    """Why a deal was lost, and to whom."""

    close_reason_id: Annotated[UUID, Meta(title=N_("Reason"), extra={"kind": "ref", "ref": "close_reason"})]
    competitor: Competitor | UnsetType = UNSET


class BoardColumn(msgspec.Struct, kw_only=True):
    """One stage with its totals, in the workspace's currency, and its first deals."""

    stage_id: UUID
    name: str
    probability: int
    count: int
    base_sum_minor: int
    weighted_minor: int
    deals: list[DealOut]
    next: str | None


class BoardOut(msgspec.Struct, kw_only=True):
    """A pipeline as a board."""

    pipeline_id: UUID
    name: str
    currency: str
    columns: list[BoardColumn]
