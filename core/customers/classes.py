"""The record type of the classification tree: who keeps it, and what the API and lists show of it."""

from __future__ import annotations

from core.customers import service_classes
from core.customers.models import CustomerClass
from core.customers.schema_parts import ClassIn, ClassOut, ClassPatch
from core.ext.specs import Column, Permission, RecordType, Verbs
from core.kernel.i18n import N_

CUSTOMER_CLASS = RecordType(
    key="customer_class",
    path="customer-classes",
    title=N_("Customer class"),
    title_plural=N_("Customer classes"),
    icon="network",
    model=CustomerClass,
    create=ClassIn,
    patch=ClassPatch,
    out=ClassOut,
    verbs=Verbs(
        create=service_classes.create,
        update=service_classes.update,
        delete=service_classes.delete,
        restore=service_classes.restore,
    ),
    permission="customers.classes",
    label=CustomerClass.title,
    columns=(
        Column("title", N_("Class"), CustomerClass.title, link=True),
        Column("name", N_("Name"), CustomerClass.name, editable=True),
        Column("parent_id", N_("Parent class"), CustomerClass.parent_id, kind="ref", ref="customer_class"),
        Column("position", N_("Order"), CustomerClass.position, kind="number", editable=True),
    ),
    natural_order="title",
)

_EVERYBODY = ("owner", "admin", "manager", "member", "readonly")
PERMISSIONS = [
    Permission(
        name="customers.classes.view",
        title=N_("See the classification tree"),
        reach=dict.fromkeys(_EVERYBODY, "all"),
    ),
    *(
        Permission(name=f"customers.classes.{action}", title=title, reach={"owner": "all", "admin": "all"})
        for action, title in (
            ("create", N_("Add classes of customers")),
            ("edit", N_("Change classes of customers")),
            ("delete", N_("Remove classes of customers")),
            ("export", N_("Export the classification tree")),
        )
    ),
]
