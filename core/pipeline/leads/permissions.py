"""What may be done with leads, and who may by default."""

from __future__ import annotations

from core.ext.specs import Permission
from core.kernel.i18n import N_

PERMISSIONS: list[Permission] = [
    Permission(
        name="leads.view",
        title=N_("See leads"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own", "readonly": "all"},
    ),
    Permission(
        name="leads.create",
        title=N_("Create leads"),
        reach={"owner": "all", "admin": "all", "manager": "all", "member": "all"},
    ),
    Permission(
        name="leads.edit",
        title=N_("Change leads"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
    ),
    Permission(
        name="leads.delete",
        title=N_("Delete leads"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
    Permission(
        name="leads.export",
        title=N_("Export leads"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
]
