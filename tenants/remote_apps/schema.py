"""What a remote app is: as its manifest says it, as a form and the API send it, and as it is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import Name, ShortText, Url

PLACES = (
    ("customer", N_("Customers")),
    ("contact", N_("Contacts")),
    ("lead", N_("Leads")),
    ("deal", N_("Deals")),
)
OVERLAPS = ((0, N_("Not at all")), (1, N_("1 hour")), (24, N_("1 day")), (168, N_("7 days")))

Place = Literal["customer", "contact", "lead", "deal"]
Title = Annotated[str, Meta(min_length=1, max_length=60, title=N_("Title"))]
Address = Annotated[Url, Meta(title=N_("URL"))]
Homepage = Annotated[Url, Meta(title=N_("Home page"))]
Hook = Annotated[Url, Meta(title=N_("Webhook URL"))]
Names = Annotated[list[ShortText], Meta(max_length=200)]


class PanelIn(msgspec.Struct, kw_only=True):
    """A place on record pages that shows a page of the app."""

    on: Place
    title: Title
    url: Address


Panels = Annotated[list[PanelIn], Meta(max_length=8)]


class AppIn(msgspec.Struct, kw_only=True):
    """An app and what it may do; a manifest is the same as a document.

    ``scopes`` are those of API keys; ``events`` names like ``deal.won``, families like ``deal.*``, or ``*``, told to
    ``webhook_url``.
    """

    name: Annotated[Name, Meta(title=N_("Name"))]
    summary: Annotated[ShortText, Meta(title=N_("Summary"))] = ""
    home_url: Homepage | None = None
    scopes: Names = []
    events: Names = []
    webhook_url: Hook | None = None
    panels: Panels = []


class AppPatch(msgspec.Struct, kw_only=True):
    """What to ask for instead; what is not named stays."""

    name: Annotated[Name, Meta(title=N_("Name"))] | UnsetType = UNSET
    summary: ShortText | UnsetType = UNSET
    home_url: Homepage | UnsetType | None = UNSET
    scopes: Names | UnsetType = UNSET
    events: Names | UnsetType = UNSET
    webhook_url: Hook | UnsetType | None = UNSET
    panels: Panels | UnsetType = UNSET


class ManifestForm(msgspec.Struct, kw_only=True):
    """Where an app's manifest is."""

    manifest_url: Annotated[Url, Meta(title=N_("Address of the manifest"))]


class OverlapForm(msgspec.Struct, kw_only=True):
    """For how many hours the present key goes on working beside a new one."""

    hours: Annotated[int, Meta(title=N_("The old key works for"), ge=0, le=168)] = 24


class AppOut(msgspec.Struct, kw_only=True):
    """An app: what it may do, and what waits for a person's consent.

    ``needs_consent`` also says that a person has to agree once more to what was granted: its key has ended, or whoever
    agreed has left.
    """

    id: UUID
    name: str
    state: Literal["asked", "active", "paused"]
    manifest_url: str
    granted: AppIn | None
    asked: AppIn | None
    needs_consent: bool
    member_id: UUID | None
    last_used_at: datetime | None
    last_delivery_at: datetime | None
    created_at: datetime


class AppList(msgspec.Struct, kw_only=True):
    """The apps of a workspace."""

    data: list[AppOut]


class AppParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which app."""

    app_id: UUID


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""
