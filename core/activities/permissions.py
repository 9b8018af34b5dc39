"""The rights over activities, with how far they reach by default."""

from __future__ import annotations

from core.ext.specs import Permission
from core.kernel.i18n import N_

PERMISSIONS = (
    Permission(
        name="activities.view",
        title=N_("See follow-ups"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own", "readonly": "all"},
    ),
    Permission(
        name="activities.create",
        title=N_("Log follow-ups"),
        reach={"owner": "all", "admin": "all", "manager": "all", "member": "all"},
    ),
    Permission(
        name="activities.edit",
        title=N_("Change follow-ups"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
    ),
    Permission(
        name="activities.delete",
        title=N_("Delete follow-ups"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
    ),
    Permission(
        name="activities.export",
        title=N_("Export follow-ups"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
)
