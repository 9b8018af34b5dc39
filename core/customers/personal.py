"""What customers hold about people: those who are customers themselves."""

from __future__ import annotations

from core.customers.models import Customer, CustomerAddress, CustomerRelation
from core.ext.hooks import hookimpl
from core.ext.specs import PersonalData
from core.kernel.i18n import N_
from core.records.people import Rows

CUSTOMERS = Rows(
    model=Customer,
    whose=(("customer", "id"),),
    key="customer",
    keep=frozenset({"number", "kind", "stage"}),
    shown=frozenset({"name"}),
    is_binned=True,
)
ADDRESSES = Rows(model=CustomerAddress, whose=(("customer", "customer_id"),), is_removed=True)
RELATIONS = Rows(
    model=CustomerRelation, whose=(("customer", "customer_id"), ("customer", "other_id")), is_removed=True
)


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """The customer itself, its further addresses, its relations."""
    return [
        CUSTOMERS.declared("customers", N_("Customers")),
        ADDRESSES.declared("customer-addresses", N_("Further addresses")),
        RELATIONS.declared("customer-relations", N_("Relations")),
    ]
