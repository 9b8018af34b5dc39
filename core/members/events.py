"""What happens when a member's records change hands."""

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class MemberHandedOver(Event, frozen=True, kw_only=True):
    """All that a member owned went to another, or to nobody; told once, at the end.

    ``keys`` is what is to become of the member's API keys: keep, revoke or transfer. ``lends`` says that what looked
    through the member's eyes looks through the successor's from now on.
    """

    name: ClassVar[str] = "member.handed_over"
    summary: ClassVar[str] = N_("The records of a member were handed over.")
    hand_over_id: str = ""
    to_id: str = ""
    keys: str = "keep"
    lends: bool = False
    moved: int = 0
    failed: int = 0
