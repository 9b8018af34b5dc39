"""What is sent and shown of forms and submissions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.sdk import N_, Email, LongText, Name, ShortText, Url
from plugins.marketing.forms.definition import FIELDS_MAX, Assignment, Field

Language = Annotated[Literal["en", "zh_CN"], Meta(title=N_("Language"))]
Accent = Annotated[
    Literal["blue", "teal", "green", "amber", "red", "pink", "purple", "grey"], Meta(title=N_("Colour"))
]
Effort = Annotated[Literal["low", "normal", "high"], Meta(title=N_("Work asked of browsers"))]
FormName = Annotated[Name, Meta(title=N_("Name"))]
Slug = Annotated[
    ShortText, Meta(title=N_("Page address"), description=N_("The last part of the page's address."))
]
Title = Annotated[ShortText | None, Meta(title=N_("Heading"))]
Intro = Annotated[LongText | None, Meta(title=N_("Introduction"))]
Button = Annotated[ShortText | None, Meta(title=N_("Button"))]
Fields = Annotated[list[Field], Meta(title=N_("Fields"), max_length=FIELDS_MAX)]
Consent = Annotated[LongText | None, Meta(title=N_("Consent text"))]
ConsentRequired = Annotated[bool, Meta(title=N_("Consent is required"))]
Thanks = Annotated[LongText | None, Meta(title=N_("Text after sending"))]
Redirect = Annotated[Url | None, Meta(title=N_("Page to go to after sending"))]
Source = Annotated[ShortText | None, Meta(title=N_("Source of the lead"))]
Notify = Annotated[bool, Meta(title=N_("Tell the owner by mail"))]
NotifyEmail = Annotated[Email | None, Meta(title=N_("Also tell"))]
PerHour = Annotated[
    Annotated[int, Meta(ge=0, le=100_000)],
    Meta(title=N_("Submissions an hour from one address"), description=N_("0 means no limit.")),
]
MinSeconds = Annotated[Annotated[int, Meta(ge=0, le=600)], Meta(title=N_("Fastest time in seconds"))]
Hosts = Annotated[list[ShortText], Meta(title=N_("Web sites that may embed it"), max_length=50)]


class FormIn(msgspec.Struct, kw_only=True):
    """A new form, a draft; without fields it begins with the usual ones, without an address with its name's."""

    name: FormName
    slug: Slug | None = None
    title: Title = None
    intro: Intro = None
    button: Button = None
    language: Language | None = None
    accent: Accent = "blue"
    fields: Fields | None = None
    consent_text: Consent = None
    consent_required: ConsentRequired = True
    thanks: Thanks = None
    redirect_url: Redirect = None
    source: Source = None
    assignment: Assignment = msgspec.field(default_factory=Assignment)
    notify: Notify = True
    notify_email: NotifyEmail = None
    per_hour: PerHour = 30
    min_seconds: MinSeconds = 2
    effort: Effort = "normal"
    embed_hosts: Hosts = msgspec.field(default_factory=list)
    external_id: ShortText | None = None


class FormPatch(msgspec.Struct, kw_only=True):
    """A change of some parts of the draft; what is left out stays, and visitors see it once it is published."""

    name: FormName | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    intro: Intro | UnsetType = UNSET
    button: Button | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    accent: Accent | UnsetType = UNSET
    fields: Fields | UnsetType = UNSET
    consent_text: Consent | UnsetType = UNSET
    consent_required: ConsentRequired | UnsetType = UNSET
    thanks: Thanks | UnsetType = UNSET
    redirect_url: Redirect | UnsetType = UNSET
    source: Source | UnsetType = UNSET
    assignment: Assignment | UnsetType = UNSET
    notify: Notify | UnsetType = UNSET
    notify_email: NotifyEmail | UnsetType = UNSET
    per_hour: PerHour | UnsetType = UNSET
    min_seconds: MinSeconds | UnsetType = UNSET
    effort: Effort | UnsetType = UNSET
    embed_hosts: Hosts | UnsetType = UNSET
    external_id: ShortText | UnsetType | None = UNSET


class FormOut(msgspec.Struct, kw_only=True):
    """A form as the API shows it: its draft and its rules."""

    id: UUID
    name: str
    slug: str
    state: str
    title: str | None
    intro: str | None
    button: str | None
    language: str
    accent: str
    fields: list[dict[str, Any]]
    consent_text: str | None
    consent_required: bool
    thanks: str | None
    redirect_url: str | None
    source: str | None
    assignment: dict[str, Any]
    notify: bool
    notify_email: str | None
    per_hour: int
    min_seconds: int
    effort: str
    embed_hosts: list[str]
    published_at: datetime | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class SubmissionIn(msgspec.Struct, kw_only=True):
    """A submission that a member or a program enters; it is taken as sent by a person."""

    form_id: Annotated[UUID, Meta(title=N_("Form"))]
    values: Annotated[dict[str, Any], Meta(title=N_("What was answered"), max_length=FIELDS_MAX)] = (
        msgspec.field(default_factory=dict)
    )
    consent: Annotated[bool, Meta(title=N_("Consent given"))] = False
    page: Annotated[ShortText | None, Meta(title=N_("Page"))] = None
    note: Annotated[LongText | None, Meta(title=N_("Note"))] = None
    external_id: ShortText | None = None


class SubmissionPatch(msgspec.Struct, kw_only=True):
    """What may be changed of a submission: never what was sent."""

    note: Annotated[LongText | None, Meta(title=N_("Note"))] | UnsetType = UNSET
    external_id: ShortText | UnsetType | None = UNSET


class SubmissionOut(msgspec.Struct, kw_only=True):
    """A submission as the API shows it."""

    id: UUID
    form_id: UUID
    title: str
    state: str
    reason: str | None
    values: dict[str, Any]
    note: str | None
    consent_given: bool
    consent_version: int | None
    consent_text: str | None
    page: str | None
    referrer: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    utm_term: str | None
    utm_content: str | None
    seconds: int | None
    lead_id: UUID | None
    customer_id: UUID | None
    contact_id: UUID | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class StatsOut(msgspec.Struct, kw_only=True):
    """What a form did in the last days: shown, sent, with which verdicts; ``rate`` is sent per shown, 0 to 1."""

    days: int
    views: int
    submissions: int
    accepted: int
    duplicate: int
    held: int
    spam: int
    error: int
    rate: float | None
