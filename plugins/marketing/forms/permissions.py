"""The rights over forms and what is sent by them, with how far they reach by default."""

from __future__ import annotations

from typing import Any

from core.sdk import N_, Permission, hookimpl

READERS: dict[str, Any] = {
    "owner": "all",
    "admin": "all",
    "manager": "all",
    "member": "all",
    "readonly": "all",
}
MAKERS: dict[str, Any] = {"owner": "all", "admin": "all", "manager": "all"}
OWNED: dict[str, Any] = {"owner": "all", "admin": "all", "manager": "team", "member": "own"}

PERMISSIONS = [
    Permission(name="marketing.forms.view", title=N_("See web forms"), reach=READERS),
    Permission(name="marketing.forms.create", title=N_("Create web forms"), reach=MAKERS),
    Permission(name="marketing.forms.edit", title=N_("Change and publish web forms"), reach=MAKERS),
    Permission(name="marketing.forms.delete", title=N_("Delete web forms"), reach=MAKERS),
    Permission(name="marketing.forms.export", title=N_("Export web forms"), reach=MAKERS),
    Permission(
        name="marketing.submissions.view", title=N_("See submissions"), reach={**OWNED, "readonly": "all"}
    ),
    Permission(name="marketing.submissions.create", title=N_("Enter submissions"), reach=MAKERS),
    Permission(name="marketing.submissions.edit", title=N_("Accept and refuse submissions"), reach=OWNED),
    Permission(name="marketing.submissions.delete", title=N_("Delete submissions"), reach=MAKERS),
    Permission(
        name="marketing.submissions.export",
        title=N_("Export submissions"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
]


@hookimpl
def crm_permissions() -> list[Permission]:
    """Of forms and of submissions."""
    return PERMISSIONS
