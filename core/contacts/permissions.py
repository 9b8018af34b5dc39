"""The rights that contacts declare."""

from core.ext.specs import Permission
from core.kernel.i18n import N_

PERMISSIONS = [
    Permission(
        name="contacts.view",
        title=N_("See contacts"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own", "readonly": "all"},
    ),
    Permission(
        name="contacts.create",
        title=N_("Create contacts"),
        reach={"owner": "all", "admin": "all", "manager": "all", "member": "all"},
    ),
    Permission(
        name="contacts.edit",
        title=N_("Change contacts"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
    ),
    Permission(
        name="contacts.delete",
        title=N_("Delete contacts"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
    Permission(
        name="contacts.export",
        title=N_("Export contacts"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
]
