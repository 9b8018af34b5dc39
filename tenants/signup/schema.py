"""What is said of a new workspace."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.kernel.i18n import N_
from core.kernel.types import Country, Currency, Email, Locale, Name, TimeZone
from tenants.accounts.schema import Password

SLUG = r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$"
Slug = Annotated[str, msgspec.Meta(pattern=SLUG, title=N_("Address"))]


class WorkspaceIn(msgspec.Struct, kw_only=True):
    """A workspace to make; ``slug`` is its part of every address."""

    name: Annotated[Name, msgspec.Meta(title=N_("Workspace"))]
    slug: Slug
    locale: Locale = "en"
    timezone: TimeZone = "UTC"
    currency: Currency = "USD"
    country: Country = "US"


class OwnerIn(msgspec.Struct, kw_only=True):
    """Its first member."""

    name: Name
    email: Email
    role: str = "owner"


class SignupIn(msgspec.Struct, kw_only=True):
    """The form of somebody new; without an address for the workspace it gets one made of its name."""

    name: Annotated[Name, msgspec.Meta(title=N_("Your name"))]
    email: Annotated[Email, msgspec.Meta(title=N_("E-mail address"))]
    password: Password
    workspace: Annotated[Name, msgspec.Meta(title=N_("Company or team"))]
    slug: Slug | None = None
    timezone: str = ""


class WorkspaceFormIn(msgspec.Struct, kw_only=True):
    """The form of another workspace."""

    workspace: Annotated[Name, msgspec.Meta(title=N_("Company or team"))]
    slug: Slug | None = None
    timezone: str = ""


class AnswersIn(msgspec.Struct, kw_only=True):
    """The three questions; whoever does not know yet leaves them out."""

    trade: str = ""
    size: str = ""
    first: str = ""
