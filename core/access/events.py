"""What happens to the people of a workspace and their rights."""

from typing import ClassVar

from core.kernel.events import Event
from core.kernel.i18n import N_


class MemberCreated(Event, frozen=True, kw_only=True):
    """Somebody joined."""

    name: ClassVar[str] = "member.created"
    summary: ClassVar[str] = N_("A member was added.")


class MemberUpdated(Event, frozen=True, kw_only=True):
    """A member's data, role, unit or activity changed."""

    name: ClassVar[str] = "member.updated"
    summary: ClassVar[str] = N_("A member was changed.")


class UnitChanged(Event, frozen=True, kw_only=True):
    """A department was made, renamed, moved or removed."""

    name: ClassVar[str] = "unit.changed"
    summary: ClassVar[str] = N_("A department was changed.")


class RoleChanged(Event, frozen=True, kw_only=True):
    """A role's permissions changed."""

    name: ClassVar[str] = "role.changed"
    summary: ClassVar[str] = N_("A role was changed.")


class RecordShared(Event, frozen=True, kw_only=True):
    """A record was opened to a member, at another level, or no longer; the subject is the share."""

    name: ClassVar[str] = "share.changed"
    summary: ClassVar[str] = N_("A record was shared.")
    member_id: str = ""
    level: str = ""
