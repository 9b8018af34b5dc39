"""What happens to invitations; the workspace's audit log shows it."""

from __future__ import annotations

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class InvitationCreated(Event, frozen=True, kw_only=True):
    """Somebody was invited, or a link was made."""

    name: ClassVar[str] = "invitation.created"
    summary: ClassVar[str] = N_("Somebody was invited.")
    webhook: ClassVar[bool] = False
    role: str = ""


class InvitationSent(Event, frozen=True, kw_only=True):
    """The mail was sent once more, with another link."""

    name: ClassVar[str] = "invitation.sent"
    summary: ClassVar[str] = N_("An invitation was sent again.")
    webhook: ClassVar[bool] = False


class InvitationAccepted(Event, frozen=True, kw_only=True):
    """Somebody accepted and is a member now."""

    name: ClassVar[str] = "invitation.accepted"
    summary: ClassVar[str] = N_("An invitation was accepted.")
    webhook: ClassVar[bool] = False
    member_id: str = ""


class InvitationRevoked(Event, frozen=True, kw_only=True):
    """An invitation opens nothing any more."""

    name: ClassVar[str] = "invitation.revoked"
    summary: ClassVar[str] = N_("An invitation was revoked.")
    webhook: ClassVar[bool] = False


class DomainProved(Event, frozen=True, kw_only=True):
    """A domain was shown to be the company's: its people may join by themselves."""

    name: ClassVar[str] = "invitation.domain_proved"
    summary: ClassVar[str] = N_("A domain was proved.")
    webhook: ClassVar[bool] = False


class DomainMissing(Event, frozen=True, kw_only=True):
    """A proved domain's record is gone; unless it comes back, the domain closes."""

    name: ClassVar[str] = "invitation.domain_missing"
    summary: ClassVar[str] = N_("The record that proves a domain is gone.")
    webhook: ClassVar[bool] = False


class DomainClosed(Event, frozen=True, kw_only=True):
    """A domain's record did not come back: nobody joins by it any more."""

    name: ClassVar[str] = "invitation.domain_closed"
    summary: ClassVar[str] = N_("A domain is not proved any more.")
    webhook: ClassVar[bool] = False


EVENTS: list[type[Event]] = [
    InvitationCreated,
    InvitationSent,
    InvitationAccepted,
    InvitationRevoked,
    DomainProved,
    DomainMissing,
    DomainClosed,
]
