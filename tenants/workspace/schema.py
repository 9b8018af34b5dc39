"""What is sent and shown of a workspace as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from core.kernel.i18n import N_
from core.kernel.types import Country, Currency, Locale, Name, TimeZone
from tenants.signup.schema import Slug

Passphrase = Annotated[str, msgspec.Meta(min_length=12, max_length=200, title=N_("Passphrase"))]


class CompanyPatch(msgspec.Struct, kw_only=True):
    """A change of the company profile."""

    name: Annotated[Name, msgspec.Meta(title=N_("Company name"))] | UnsetType = UNSET
    locale: Annotated[Locale, msgspec.Meta(title=N_("Language"))] | UnsetType = UNSET
    timezone: Annotated[TimeZone, msgspec.Meta(title=N_("Time zone"))] | UnsetType = UNSET
    country: Annotated[Country, msgspec.Meta(title=N_("Country"))] | UnsetType = UNSET
    currency: Annotated[Currency, msgspec.Meta(title=N_("Currency"))] | UnsetType = UNSET


class AddressIn(msgspec.Struct, kw_only=True):
    """Another address of the workspace."""

    slug: Slug


class ArchiveIn(msgspec.Struct, kw_only=True):
    """What the archive is to be locked with; without it nobody can read it, we neither."""

    passphrase: Passphrase


class ImportIn(msgspec.Struct, kw_only=True):
    """What the archive was locked with; the operator's may be locked with less than twelve characters."""

    passphrase: Annotated[str, msgspec.Meta(min_length=1, max_length=200, title=N_("Passphrase"))]


class CloseIn(msgspec.Struct, kw_only=True):
    """The workspace's name, typed by whoever closes it."""

    name: str


class TransferIn(msgspec.Struct, kw_only=True):
    """Who owns the workspace from now on."""

    member_id: UUID


class WorkspaceOut(msgspec.Struct, kw_only=True):
    """The company profile."""

    id: UUID
    slug: str
    name: str
    locale: str
    timezone: str
    country: str
    currency: str


class ArchiveOut(msgspec.Struct, kw_only=True):
    """An archive; its file can be fetched from ``finished_at`` until ``expires_at``."""

    id: UUID
    file_name: str
    size_bytes: int | None
    created_at: datetime
    finished_at: datetime | None
    failed_at: datetime | None
    expires_at: datetime | None


class ArchiveList(msgspec.Struct, kw_only=True):
    """The archives of the last days, newest first."""

    data: list[ArchiveOut]


class ImportOut(msgspec.Struct, kw_only=True):
    """A workspace that is being made of an archive: there, under ``slug``, from ``finished_at`` on.

    ``problem`` says why it was not, where ``failed_at`` is set.
    """

    id: UUID
    file_name: str
    name: str
    slug: str | None
    problem: str
    created_at: datetime
    finished_at: datetime | None
    failed_at: datetime | None


class ImportList(msgspec.Struct, kw_only=True):
    """The archives that were brought lately, newest first."""

    data: list[ImportOut]


class SandboxOut(msgspec.Struct, kw_only=True):
    """The sandbox, if there is one, and since when it is what it is."""

    id: UUID | None
    made_at: datetime | None
