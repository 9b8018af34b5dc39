"""What is sent and shown of pipelines, stages, close reasons and rates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import Currency, Name, ShortText

Gate = Literal[
    "amount_minor",
    "expected_close_on",
    "customer_id",
    "contact_id",
    "competitor",
    "source",
    "next_follow_up_on",
    "notes",
]
"""What a stage can demand of a deal."""
Outcome = Literal["won", "lost"]

Title = Annotated[Name, Meta(title=N_("Name"))]
Position = Annotated[int, Meta(ge=0, le=10_000, title=N_("Sort position"))]
Probability = Annotated[int, Meta(ge=0, le=100, title=N_("Probability"), extra={"kind": "percent"})]
RottingDays = Annotated[int, Meta(ge=1, le=3_650, title=N_("Days until a deal is stale"))] | None
Gates = Annotated[list[Gate], Meta(max_length=20, title=N_("Fields that must be filled"))]
Rate = Annotated[Decimal, Meta(title=N_("Rate"), extra={"gt": 0, "lt": 10**9})]
Key = Annotated[ShortText | None, Meta(title=N_("External ID"))]


class Stored(msgspec.Struct, kw_only=True):
    """What every stored row shows of itself."""

    id: UUID
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class PipelineIn(msgspec.Struct, kw_only=True):
    """A new pipeline; without a position it comes last."""

    name: Title
    position: Position | None = None
    is_default: Annotated[bool, Meta(title=N_("Default pipeline"))] = False
    external_id: Key = None


class PipelinePatch(msgspec.Struct, kw_only=True):
    """A change of a pipeline; making it the default one takes that from the other."""

    name: Title | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET
    external_id: Key | UnsetType = UNSET


class PipelineOut(Stored, kw_only=True):
    """A pipeline as the API shows it."""

    name: str
    position: int
    is_default: bool


class StageIn(msgspec.Struct, kw_only=True):
    """A new stage; without a position it comes last."""

    pipeline_id: Annotated[UUID, Meta(title=N_("Sales pipeline"), extra={"kind": "ref", "ref": "pipeline"})]
    name: Title
    position: Position | None = None
    probability: Probability = 0
    rotting_days: RottingDays = None
    required_fields: Gates = msgspec.field(default_factory=list)
    external_id: Key = None


class StagePatch(msgspec.Struct, kw_only=True):
    """A change of a stage; it stays in its pipeline."""

    name: Title | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    probability: Probability | UnsetType = UNSET
    rotting_days: RottingDays | UnsetType = UNSET
    required_fields: Gates | UnsetType = UNSET
    external_id: Key | UnsetType = UNSET


class StageOut(Stored, kw_only=True):
    """A stage as the API shows it."""

    pipeline_id: UUID
    name: str
    position: int
    probability: int
    rotting_days: int | None
    required_fields: list[str]


class CloseReasonIn(msgspec.Struct, kw_only=True):
    """A new reason for winning or losing."""

    outcome: Annotated[Outcome, Meta(title=N_("Outcome"))]
    name: Title
    position: Position | None = None
    external_id: Key = None


class CloseReasonPatch(msgspec.Struct, kw_only=True):
    """A change of a reason."""

    name: Title | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    external_id: Key | UnsetType = UNSET


class CloseReasonOut(Stored, kw_only=True):
    """A reason as the API shows it."""

    outcome: str
    name: str
    position: int


class CurrencyRateIn(msgspec.Struct, kw_only=True):
    """What one unit of a currency is worth in the workspace's own from a day on; the same day replaces it."""

    currency: Annotated[Currency, Meta(title=N_("Currency"))]
    valid_on: Annotated[date, Meta(title=N_("Valid from"))]
    rate: Rate
    external_id: Key = None


class CurrencyRatePatch(msgspec.Struct, kw_only=True):
    """A correction of a rate; deals keep the rate that they were converted by."""

    rate: Rate | UnsetType = UNSET
    external_id: Key | UnsetType = UNSET


class CurrencyRateOut(Stored, kw_only=True):
    """A rate as the API shows it."""

    currency: str
    valid_on: date
    rate: Decimal


class ArchiveIn(msgspec.Struct, kw_only=True):
    """Where the deals of what is archived go; needed only where there are any."""

    move_to: Annotated[
        UUID | None, Meta(title=N_("Move its deals to"), extra={"kind": "ref", "ref": "stage"})
    ] = None


class OrderIn(msgspec.Struct, kw_only=True):
    """The stages of a pipeline in their new order."""

    stage_ids: Annotated[list[UUID], Meta(min_length=1, max_length=200)]
