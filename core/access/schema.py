"""Shapes of members, units, roles and shares."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.ext.specs import Reach
from core.kernel.i18n import N_
from core.kernel.types import Email, Locale, Name, Phone, ShortText, TimeZone

MemberName = Annotated[Name, Meta(title=N_("Full name"))]
MemberEmail = Annotated[Email, Meta(title=N_("E-mail address"))]
MemberPhone = Annotated[Phone, Meta(title=N_("Phone"))]
MemberTitle = Annotated[ShortText, Meta(title=N_("Job title"))]
RoleKey = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", title=N_("Role"))]
Language = Annotated[Locale, Meta(title=N_("Language"))]
Zone = Annotated[TimeZone, Meta(title=N_("Time zone"))]


class MemberIn(msgspec.Struct, kw_only=True):
    """Somebody who starts to work here; the login follows by invitation."""

    name: MemberName
    email: MemberEmail
    role: RoleKey = "member"
    unit_id: UUID | None = None
    phone: MemberPhone | None = None
    title: MemberTitle | None = None


class MemberPatch(msgspec.Struct, kw_only=True):
    """What of a member changes."""

    name: MemberName | UnsetType = UNSET
    phone: MemberPhone | UnsetType | None = UNSET
    title: MemberTitle | UnsetType | None = UNSET
    locale: Language | UnsetType | None = UNSET
    timezone: Zone | UnsetType | None = UNSET
    role: RoleKey | UnsetType = UNSET
    unit_id: UUID | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET


class MemberOut(msgspec.Struct, kw_only=True):
    """A member, as colleagues see one."""

    id: UUID
    name: str
    email: str
    phone: str | None
    title: str | None
    role: str
    unit_id: UUID | None
    active: bool
    locale: str | None
    timezone: str | None
    version: int


class UnitIn(msgspec.Struct, kw_only=True):
    """A department below another, or at the top."""

    name: MemberName
    parent_id: UUID | None = None


class UnitPatch(msgspec.Struct, kw_only=True):
    """A new name, or a new place."""

    name: MemberName | UnsetType = UNSET
    parent_id: UUID | UnsetType | None = UNSET


class UnitOut(msgspec.Struct, kw_only=True):
    """A department."""

    id: UUID
    name: str
    parent_id: UUID | None
    version: int


class RoleIn(msgspec.Struct, kw_only=True):
    """How far permissions reach for a role; those left out keep the default of a built-in role, else none."""

    name: MemberName
    grants: dict[str, Reach] = {}


class RoleOut(msgspec.Struct, kw_only=True):
    """A role with the reach of every permission."""

    key: str
    name: str
    built_in: bool
    grants: Mapping[str, str]


class ShareIn(msgspec.Struct, kw_only=True):
    """One record opened to one member."""

    record_type: Annotated[str, Meta(min_length=1, max_length=100)]
    record_id: UUID
    member_id: UUID
    level: Literal["view", "edit"] = "view"


class ShareOut(msgspec.Struct, kw_only=True):
    """A share as it stands."""

    id: UUID
    record_type: str
    record_id: UUID
    member_id: UUID
    level: str
