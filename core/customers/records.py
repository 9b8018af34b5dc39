"""The record type of customers: what lists, imports and the API show of them."""

from __future__ import annotations

from core.customers import queries, service
from core.customers.models import Customer
from core.customers.schema import CustomerIn, CustomerOut, CustomerPatch
from core.ext.specs import Choice, Column, RecordType, SearchDoc, Verbs
from core.kernel.i18n import N_

KINDS = (Choice("company", N_("Company")), Choice("person", N_("Person")))
STAGES = (
    Choice("potential", N_("Potential"), "neutral"),
    Choice("intending", N_("Intending"), "info"),
    Choice("user", N_("User"), "success"),
    Choice("loyal", N_("Loyal"), "success"),
    Choice("high_value", N_("High value"), "warning"),
)


CONTACT = N_("How to reach them")
FOLLOW_UP = N_("Owner and follow-up")
PROFILE = N_("About them")
ADDRESS = N_("Location")
RECORD = N_("Record")
COLUMNS = (
    Column("name", N_("Name"), Customer.name, link=True, editable=True),
    Column("phone", N_("Phone"), Customer.phone, kind="phone", editable=True, group=CONTACT),
    Column("mobile", N_("Mobile"), Customer.mobile, kind="phone", editable=True, group=CONTACT),
    Column("email", N_("E-mail"), Customer.email, kind="email", editable=True, group=CONTACT),
    Column("wechat", N_("WeChat"), Customer.wechat, editable=True, group=CONTACT),
    Column("whatsapp", N_("WhatsApp"), Customer.whatsapp, kind="phone", editable=True, group=CONTACT),
    Column("website", N_("Website"), Customer.website, kind="url", editable=True, group=CONTACT),
    Column("owner_id", N_("Owner"), Customer.owner_id, kind="member", editable=True, group=FOLLOW_UP),
    Column(
        "stage",
        N_("Lifecycle stage"),
        Customer.stage,
        kind="choice",
        choices=STAGES,
        editable=True,
        group=FOLLOW_UP,
    ),
    Column(
        "next_follow_up_on",
        N_("Next follow-up"),
        Customer.next_follow_up_on,
        kind="date",
        editable=True,
        group=FOLLOW_UP,
    ),
    Column(
        "last_contacted_at", N_("Last contact"), Customer.last_contacted_at, kind="datetime", group=FOLLOW_UP
    ),
    Column("kind", N_("Kind"), Customer.kind, kind="choice", choices=KINDS, group=PROFILE),
    Column("class_id", N_("Class"), Customer.class_id, kind="ref", ref="customer_class", group=PROFILE),
    Column("industry", N_("Industry"), Customer.industry, editable=True, group=PROFILE),
    Column("staff_count", N_("Staff"), Customer.staff_count, kind="number", editable=True, group=PROFILE),
    Column("founded_on", N_("Founded on"), Customer.founded_on, kind="date", editable=True, group=PROFILE),
    Column("birthday_on", N_("Birthday"), Customer.birthday_on, kind="date", editable=True, group=PROFILE),
    Column("source", N_("Source"), Customer.source, editable=True, group=PROFILE),
    Column("tags", N_("Tags"), Customer.tags, kind="tags", editable=True, group=PROFILE),
    Column("notes", N_("Notes"), Customer.notes, kind="longtext", editable=True, group=PROFILE),
    Column("street", N_("Street"), Customer.street, editable=True, group=ADDRESS),
    Column("city", N_("City"), Customer.city, editable=True, group=ADDRESS),
    Column("region", N_("Province or state"), Customer.region, editable=True, group=ADDRESS),
    Column("postal_code", N_("Postal code"), Customer.postal_code, editable=True, group=ADDRESS),
    Column("country", N_("Country"), Customer.country, kind="country", editable=True, group=ADDRESS),
    Column("number", N_("Number"), Customer.number, group=RECORD),
    Column("created_at", N_("Created"), Customer.created_at, kind="datetime", group=RECORD),
    Column("updated_at", N_("Changed"), Customer.updated_at, kind="datetime", group=RECORD),
)


def search_doc(customer: Customer) -> SearchDoc:
    """What a customer can be found by."""
    return SearchDoc(
        title=customer.name,
        subtitle=" · ".join(part for part in (customer.number, customer.city) if part),
        names=tuple(name for name in (customer.name, customer.wechat) if name),
        numbers=(customer.number,),
        phones=tuple(phone for phone in (customer.phone, customer.mobile, customer.whatsapp) if phone),
        emails=(customer.email,) if customer.email else (),
        person=customer.kind == "person",
    )


CUSTOMER: RecordType = RecordType(
    key="customer",
    path="customers",
    title=N_("Customer"),
    title_plural=N_("Customers"),
    icon="building-2",
    model=Customer,
    create=CustomerIn,
    patch=CustomerPatch,
    out=CustomerOut,
    verbs=Verbs(
        create=service.create,
        create_many=service.create_many,
        update=service.update,
        delete=service.delete,
        restore=service.restore,
    ),
    permission="customers",
    label=Customer.name,
    owner=Customer.owner_id,
    columns=COLUMNS,
    first_fields=(
        "name",
        "kind",
        "phone",
        "mobile",
        "email",
        "owner_id",
        "stage",
        "source",
        "city",
        "country",
        "next_follow_up_on",
        "tags",
    ),
    default_columns=("name", "owner_id", "stage", "phone", "city", "next_follow_up_on", "last_contacted_at"),
    search=search_doc,
    duplicates=lambda ctx, rows: queries.find_duplicates(ctx, CUSTOMER, rows),
)
