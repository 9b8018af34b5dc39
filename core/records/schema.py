"""Shapes of saved views."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_

ViewName = Annotated[str, Meta(min_length=1, max_length=80, title=N_("Name"))]
Query = Annotated[str, Meta(max_length=4_000, title=N_("Conditions"))]
Position = Annotated[int, Meta(ge=0, le=10_000, title=N_("Sort position"))]
Shared = Annotated[bool, Meta(title=N_("Share with everybody in the workspace"))]


class SavedViewIn(msgspec.Struct, kw_only=True):
    """A new view of one record type's list."""

    record_type: Annotated[str, Meta(min_length=1, max_length=100, title=N_("Record type"))]
    name: ViewName
    query: Query = ""
    shared: Shared = False
    position: Position = 0


class SavedViewPatch(msgspec.Struct, kw_only=True):
    """What of a view changes."""

    name: ViewName | UnsetType = UNSET
    query: Query | UnsetType = UNSET
    shared: Shared | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class SavedViewOut(msgspec.Struct, kw_only=True):
    """A view as it is stored."""

    id: UUID
    record_type: str
    name: str
    query: str
    owner_id: UUID | None
    shared: bool
    position: int
    created_at: datetime
    updated_at: datetime
    version: int


class SavedViews(msgspec.Struct, kw_only=True):
    """The views that one may use."""

    data: list[SavedViewOut]
