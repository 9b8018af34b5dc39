"""What the people of a workspace contribute: permissions, events, API."""

from collections.abc import Sequence

from litestar import Controller

from core.access import events
from core.ext.hooks import hookimpl
from core.ext.specs import JobSpec, Manifest, Permission
from core.kernel.events import Event
from core.kernel.i18n import N_
from core.members.api import MemberApi, RoleApi, ShareApi, UnitApi
from core.members.events import MemberHandedOver
from core.members.hand_over_api import HandOverApi, MemberHandOverApi
from core.members.jobs import HAND_OVER


@hookimpl
def crm_manifest() -> Manifest:
    """Belong to every workspace."""
    return Manifest(key="members", title=N_("Members and roles"), kind="locked", icon="users")


@hookimpl
def crm_permissions() -> Sequence[Permission]:
    """Let everybody see colleagues, and administrators manage them."""
    everybody = ("owner", "admin", "manager", "member", "readonly")
    managers = {"owner", "admin"}
    return [
        Permission(name="members.view", title=N_("See colleagues"), reach=dict.fromkeys(everybody, "all")),
        Permission(
            name="members.profile", title=N_("Change one's own data"), reach=dict.fromkeys(everybody, "own")
        ),
        Permission(
            name="members.manage",
            title=N_("Manage members, departments and roles"),
            reach={role: "all" if role in managers else "none" for role in everybody},
        ),
    ]


@hookimpl
def crm_events() -> Sequence[type[Event]]:
    """Tell of people and rights."""
    return [
        events.MemberCreated,
        events.MemberUpdated,
        events.UnitChanged,
        events.RoleChanged,
        events.RecordShared,
        MemberHandedOver,
    ]


@hookimpl
def crm_api() -> Sequence[type[Controller]]:
    """Serve people, hand-overs, departments, roles and shares."""
    return [MemberApi, MemberHandOverApi, HandOverApi, UnitApi, RoleApi, ShareApi]


@hookimpl
def crm_jobs() -> Sequence[JobSpec]:
    """Hand over what a member owned."""
    return [HAND_OVER]
