"""The one decision about a record, with its reason. Pure and total; the lists' condition is in visible.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol
from uuid import UUID

from core.access.grants import Grants, reach_of
from core.kernel.i18n import N_

Level = Literal["view", "edit"]


class Who(Protocol):
    """The part of an actor that decides: kind, member, grants, and the members of his units."""

    @property
    def kind(self) -> str: ...
    @property
    def member_id(self) -> UUID | None: ...
    @property
    def grants(self) -> Mapping[str, str]: ...
    @property
    def team_ids(self) -> frozenset[UUID]: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What matters of one record: whether it has an owner, who that is, how it is shared, whether it is only kept."""

    ownable: bool = False
    owner_id: UUID | None = None
    share: Level | None = None
    is_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer and its reason: an English message id with its parameters."""

    allowed: bool
    reason: str
    params: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.allowed


RESTRICTED: Final = N_(
    "The use of this person's data is restricted: they are kept and nothing else is done with them."
)
SYSTEM: Final = N_("The system itself acts here.")
NOT_GRANTED: Final = N_("Your role does not include this permission: {permission}.")
NOBODY: Final = N_("Only people who are signed in may do this.")
GRANTED: Final = N_("Your role includes this permission.")
OWN: Final = N_("This record is yours.")
TEAM: Final = N_("This record belongs to your team.")
UNOWNED: Final = N_("This record has no owner yet.")
SHARED: Final = N_("This record was shared with you.")
NOT_OWN: Final = N_("This record belongs to somebody else, and your role reaches only your own.")
NOT_TEAM: Final = N_("This record belongs to another team, and your role reaches only your own.")
NOT_OWNED: Final = N_("This record has no owner yet, and your role reaches only your own.")


def decide(actor: Who, permission: str, record: Facts | None = None) -> Decision:
    """Decide whether `actor` may use `permission`, on `record` if given, else on any record at all."""
    if record is not None and record.is_restricted and not is_view(permission):
        return Decision(False, RESTRICTED)
    if actor.kind == "system":
        return Decision(True, SYSTEM)
    reach = reach_of(_grants(actor), permission)
    if reach == "none":
        return _refused(actor, permission)
    if record is None or reach == "all" or not record.ownable:
        return Decision(True, GRANTED)
    if record.owner_id is not None and record.owner_id == actor.member_id:
        return Decision(True, OWN)
    if shares(record.share, permission):
        return Decision(True, SHARED)
    if reach == "team":
        return _of_team(actor, record)
    return Decision(False, NOT_OWN if record.owner_id else NOT_OWNED)


def is_view(permission: str) -> bool:
    """Tell whether a permission is one to look at records: all that may be done with those that are restricted."""
    return permission.rpartition(".")[2] == "view"


def shares(level: Level | None, permission: str) -> bool:
    """Tell whether a share of `level` carries `permission`: viewing by any share, editing by 'edit'."""
    return level in share_levels(permission)


def share_levels(permission: str) -> tuple[Level, ...]:
    """Return the levels of sharing that carry `permission`."""
    action = permission.rpartition(".")[2]
    if action == "view":
        return ("view", "edit")
    return ("edit",) if action == "edit" else ()


def _of_team(actor: Who, record: Facts) -> Decision:
    if record.owner_id is None:
        return Decision(True, UNOWNED)
    if record.owner_id in actor.team_ids:
        return Decision(True, TEAM)
    return Decision(False, NOT_TEAM)


def _refused(actor: Who, permission: str) -> Decision:
    if actor.kind == "public":
        return Decision(False, NOBODY)
    return Decision(False, NOT_GRANTED, {"permission": permission})


def _grants(actor: Who) -> Grants:
    return actor.grants  # type: ignore[return-value]
