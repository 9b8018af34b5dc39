"""The rights over tasks, with how far they reach by default."""

from __future__ import annotations

from core.ext.specs import Permission
from core.kernel.i18n import N_

PERMISSIONS = (
    Permission(
        name="tasks.view",
        title=N_("See tasks"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own", "readonly": "all"},
    ),
    Permission(
        name="tasks.create",
        title=N_("Create tasks"),
        reach={"owner": "all", "admin": "all", "manager": "all", "member": "all"},
    ),
    Permission(
        name="tasks.edit",
        title=N_("Change tasks"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
    ),
    Permission(
        name="tasks.delete",
        title=N_("Delete tasks"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
    ),
    Permission(
        name="tasks.export",
        title=N_("Export tasks"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
)
