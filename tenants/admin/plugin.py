"""The settings pages of a workspace."""

from __future__ import annotations

from litestar import Controller

from core.ext.hooks import hookimpl
from core.ext.specs import Manifest, Nav, Subscription
from core.kernel.i18n import N_
from tenants.admin.hand_over_pages import HandOverPages, LeavePages
from tenants.admin.member_pages import MemberPages
from tenants.admin.pages import SettingsPages
from tenants.admin.role_pages import RolePages
from tenants.admin.security_pages import SecurityPages
from tenants.admin.service import follow_activity, follow_hand_over
from tenants.admin.unit_pages import UnitPages

CARDS = ("profile", "members", "units", "roles", "security")


@hookimpl
def crm_manifest() -> Manifest:
    """Locked: somebody has to let colleagues in."""
    return Manifest(
        key="admin", title=N_("Settings"), kind="locked", icon="settings", requires=("accounts", "members")
    )


@hookimpl
def crm_pages() -> list[type[Controller]]:
    """Settings, members, departments, roles and profile."""
    return [SettingsPages, MemberPages, LeavePages, HandOverPages, RolePages, SecurityPages, UnitPages]


@hookimpl
def crm_nav() -> list[Nav]:
    """The cards of the settings page."""
    return [
        _card("profile", N_("Profile"), "circle-user", N_("Your name, language, appearance and password.")),
        _card("members", N_("Members"), "users", N_("Who works here, and how they log in.")),
        _card("units", N_("Departments"), "network", N_("Who works with whom, and who sees what.")),
        _card("roles", N_("Roles"), "shield-check", N_("What each role may do.")),
        _card("security", N_("Signing in"), "lock", N_("What people need to get in: one step or two.")),
    ]


@hookimpl
def crm_subscriptions() -> list[Subscription]:
    """Close the workspace to whoever left, open it again to whoever came back, and see to the keys."""
    return [
        Subscription(event="member.updated", name="membership", handler=follow_activity),
        Subscription(event="member.handed_over", name="keys", handler=follow_hand_over),
    ]


def _card(key: str, title: str, icon: str, hint: str) -> Nav:
    order = 10 + CARDS.index(key)
    permission = {"profile": "", "security": "members.manage"}.get(key, "members.view")
    return Nav(
        key=key,
        title=title,
        icon=icon,
        url=f"/settings/{key}",
        order=order,
        permission=permission,
        group="settings",
        section="personal" if key == "profile" else "workspace",
        hint=hint,
        in_sandbox=key not in {"profile", "security"},
    )
