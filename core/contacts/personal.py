"""What contacts hold about people."""

from __future__ import annotations

from core.contacts.models import Contact, ContactRole
from core.ext.hooks import hookimpl
from core.ext.specs import PersonalData
from core.kernel.i18n import N_
from core.records.people import Rows

CONTACTS = Rows(
    model=Contact, whose=(("contact", "id"),), key="contact", shown=frozenset({"name"}), is_binned=True
)
ROLES = Rows(model=ContactRole, whose=(("contact", "contact_id"),), is_removed=True)


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """The contact itself, and its parts at further customers."""
    return [
        CONTACTS.declared("contacts", N_("Contacts")),
        ROLES.declared("contact-roles", N_("Further customers")),
    ]
