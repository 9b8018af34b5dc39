"""Shapes of invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from core.access.schema import RoleKey
from core.kernel.i18n import N_
from core.kernel.types import Email, Name
from tenants.accounts.schema import Password

SEND: Final = "invitations.send"
FINISH: Final = "invitations.finish"
CHECK: Final = "invitations.check_domain"
MOST_USES: Final = 500
MOST_DAYS: Final = 90


class InvitationIn(msgspec.Struct, kw_only=True):
    """An invitation by mail."""

    email: Annotated[Email, Meta(title=N_("E-mail address"))]
    role: RoleKey = "member"
    unit_id: UUID | None = None


class LinkIn(msgspec.Struct, kw_only=True):
    """A link that several people may use, for some days."""

    role: RoleKey = "member"
    unit_id: UUID | None = None
    max_uses: Annotated[int, Meta(ge=1, le=MOST_USES, title=N_("How many people"))] = 10
    days: Annotated[int, Meta(ge=1, le=MOST_DAYS, title=N_("For how many days"))] = 7


class DomainIn(msgspec.Struct, kw_only=True):
    """A domain whose people may join by themselves."""

    domain: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
            max_length=253,
            title=N_("Domain"),
            extra={"kind": "domain"},
        ),
    ]
    role: RoleKey = "member"
    unit_id: UUID | None = None


class InvitationOut(msgspec.Struct, kw_only=True):
    """An invitation; ``url`` is there for links alone: what is in a mail is only for who reads it.

    ``record`` is what the TXT record of a domain has to say.
    """

    id: UUID
    email: str | None
    role: str
    unit_id: UUID | None
    max_uses: int
    uses: int
    expires_at: datetime
    invited_by: str
    created_at: datetime
    url: str | None = None
    domain: str | None = None
    record: str | None = None
    proved_at: datetime | None = None
    missing_since: datetime | None = None


class Invitations(msgspec.Struct):
    """Those that are open."""

    data: list[InvitationOut]


class NewcomerIn(msgspec.Struct, kw_only=True):
    """The account of somebody who has none."""

    name: Annotated[Name, Meta(title=N_("Your name"))]
    password: Password


class AddressIn(msgspec.Struct, kw_only=True):
    """Where to send the mail that proves an address."""

    email: Annotated[Email, Meta(title=N_("E-mail address"))]


class SendParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which invitation to send; one that has got another token since is left alone."""

    invitation_id: UUID
    version: int


class FinishParams(msgspec.Struct, frozen=True, kw_only=True):
    """Whose acceptance to complete."""

    use_id: UUID


class CheckParams(msgspec.Struct, frozen=True, kw_only=True):
    """Whose domain to look up; ``again`` where nobody asked, so that a record that is gone may come back in time."""

    invitation_id: UUID
    again: bool = False


class Nothing(msgspec.Struct):
    """What a look at the calendar is told."""
