"""What is said of a new workspace."""

from __future__ import annotations

from typing import Annotated

import msgspec

from core.kernel.i18n import N_
from core.kernel.types import Country, Currency, Email, Locale, Name, TimeZone

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
