"""What may be done with deals, and who may by default."""

from __future__ import annotations

from core.ext.specs import Permission
from core.kernel.i18n import N_

PERMISSIONS: list[Permission] = [
    Permission(
        name="deals.view",
        title=N_("See deals"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own", "readonly": "all"},
    ),
    Permission(
        name="deals.create",
        title=N_("Create deals"),
        reach={"owner": "all", "admin": "all", "manager": "all", "member": "all"},
    ),
    Permission(
        name="deals.edit",
        title=N_("Change deals"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
    ),
    Permission(
        name="deals.delete",
        title=N_("Delete deals"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
    Permission(
        name="deals.export",
        title=N_("Export deals"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
]
