"""The rights that customers declare."""

from core.customers.classes import PERMISSIONS as CLASSES
from core.ext.specs import Permission
from core.kernel.i18n import N_

PERMISSIONS = [
    Permission(
        name="customers.view",
        title=N_("See customers"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own", "readonly": "all"},
    ),
    Permission(
        name="customers.create",
        title=N_("Create customers"),
        reach={"owner": "all", "admin": "all", "manager": "all", "member": "all"},
    ),
    Permission(
        name="customers.edit",
        title=N_("Change customers"),
        reach={"owner": "all", "admin": "all", "manager": "team", "member": "own"},
    ),
    Permission(
        name="customers.delete",
        title=N_("Delete customers"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
    Permission(
        name="customers.export",
        title=N_("Export customers"),
        reach={"owner": "all", "admin": "all", "manager": "team"},
    ),
    *CLASSES,
]
