"""The record type of contacts."""

from __future__ import annotations

from core.contacts import queries, service
from core.contacts.models import Contact
from core.contacts.schema import ContactIn, ContactOut, ContactPatch
from core.ext.specs import Choice, Column, RecordType, SearchDoc, Verbs
from core.kernel.i18n import N_

ROLES = (
    Choice("decision_maker", N_("Decision maker"), "success"),
    Choice("influencer", N_("Influencer"), "info"),
    Choice("user", N_("End user")),
    Choice("buyer", N_("Buyer")),
    Choice("gatekeeper", N_("Gatekeeper"), "warning"),
    Choice("other", N_("Other")),
)


REACH = N_("How to reach them")
WORK = N_("At work")
FOLLOW_UP = N_("Owner and follow-up")
PERSON = N_("Personal")
RECORD = N_("Record")
COLUMNS = (
    Column("name", N_("Full name"), Contact.name, link=True, editable=True),
    Column("mobile", N_("Mobile"), Contact.mobile, kind="phone", editable=True, group=REACH),
    Column("phone", N_("Phone"), Contact.phone, kind="phone", editable=True, group=REACH),
    Column("email", N_("E-mail"), Contact.email, kind="email", editable=True, group=REACH),
    Column("wechat", N_("WeChat"), Contact.wechat, editable=True, group=REACH),
    Column("whatsapp", N_("WhatsApp"), Contact.whatsapp, kind="phone", editable=True, group=REACH),
    Column("customer_id", N_("Customer"), Contact.customer_id, kind="ref", ref="customer", group=WORK),
    Column("position", N_("Job title"), Contact.position, editable=True, group=WORK),
    Column("department", N_("Department"), Contact.department, editable=True, group=WORK),
    Column("reports_to_id", N_("Reports to"), Contact.reports_to_id, kind="ref", ref="contact", group=WORK),
    Column(
        "role",
        N_("Role in decisions"),
        Contact.role,
        kind="choice",
        choices=ROLES,
        editable=True,
        group=WORK,
    ),
    Column("owner_id", N_("Owner"), Contact.owner_id, kind="member", editable=True, group=FOLLOW_UP),
    Column(
        "next_follow_up_on",
        N_("Next follow-up"),
        Contact.next_follow_up_on,
        kind="date",
        editable=True,
        group=FOLLOW_UP,
    ),
    Column(
        "last_contacted_at", N_("Last contact"), Contact.last_contacted_at, kind="datetime", group=FOLLOW_UP
    ),
    Column("birthday_on", N_("Birthday"), Contact.birthday_on, kind="date", editable=True, group=PERSON),
    Column("tags", N_("Tags"), Contact.tags, kind="tags", editable=True, group=PERSON),
    Column("notes", N_("Notes"), Contact.notes, kind="longtext", editable=True, group=PERSON),
    Column("created_at", N_("Created"), Contact.created_at, kind="datetime", group=RECORD),
    Column("updated_at", N_("Changed"), Contact.updated_at, kind="datetime", group=RECORD),
)


def search_doc(contact: Contact) -> SearchDoc:
    """What a contact can be found by."""
    return SearchDoc(
        title=contact.name,
        subtitle=" · ".join(part for part in (contact.position, contact.department) if part),
        names=tuple(name for name in (contact.name, contact.wechat) if name),
        phones=tuple(phone for phone in (contact.mobile, contact.phone, contact.whatsapp) if phone),
        emails=(contact.email,) if contact.email else (),
        person=True,
    )


CONTACT: RecordType = RecordType(
    key="contact",
    path="contacts",
    title=N_("Contact"),
    title_plural=N_("Contacts"),
    icon="users",
    model=Contact,
    create=ContactIn,
    patch=ContactPatch,
    out=ContactOut,
    verbs=Verbs(
        create=service.create,
        create_many=service.create_many,
        update=service.update,
        delete=service.delete,
        restore=service.restore,
    ),
    permission="contacts",
    label=Contact.name,
    owner=Contact.owner_id,
    columns=COLUMNS,
    default_columns=("name", "customer_id", "position", "mobile", "email", "owner_id", "last_contacted_at"),
    search=search_doc,
    within="customer_id",
    duplicates=lambda ctx, rows: queries.find_duplicates(ctx, CONTACT, rows),
)
