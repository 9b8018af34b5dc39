"""The record type of leads."""

from __future__ import annotations

import msgspec

from core.ext.specs import Choice, Column, RecordType, SearchDoc, Verbs
from core.kernel.i18n import N_
from core.pipeline.leads import service
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import LeadIn, LeadOut, LeadPatch

RATINGS = (
    Choice("hot", N_("Hot"), "danger"),
    Choice("warm", N_("Warm"), "warning"),
    Choice("cold", N_("Cold"), "info"),
    Choice("not_interested", N_("Not interested")),
)
STATUSES = (
    Choice("new", N_("New"), "info"),
    Choice("contacted", N_("Contacted")),
    Choice("qualified", N_("Qualified"), "success"),
    Choice("unqualified", N_("Unqualified"), "danger"),
    Choice("converted", N_("Converted"), "success"),
)


def to_out(lead: Lead) -> LeadOut:
    """Show a lead as the API does."""
    return msgspec.convert(lead, LeadOut, from_attributes=True)


def search_doc(lead: Lead) -> SearchDoc:
    """What a lead can be found by."""
    return SearchDoc(
        title=lead.name,
        subtitle=" · ".join(part for part in (lead.company, lead.city) if part),
        names=tuple(name for name in (lead.name, lead.company, lead.wechat) if name),
        phones=tuple(phone for phone in (lead.mobile, lead.phone, lead.whatsapp) if phone),
        emails=(lead.email,) if lead.email else (),
        person=True,
    )


LEAD = RecordType(
    key="lead",
    path="leads",
    title=N_("Lead"),
    title_plural=N_("Leads"),
    icon="target",
    model=Lead,
    create=LeadIn,
    patch=LeadPatch,
    out=LeadOut,
    to_out=to_out,
    verbs=Verbs(
        create=service.create,
        create_many=service.create_many,
        update=service.update,
        delete=service.delete,
        restore=service.restore,
    ),
    permission="leads",
    label=Lead.name,
    owner=Lead.owner_id,
    columns=(
        Column("name", N_("Name"), Lead.name, link=True, editable=True),
        Column("company", N_("Company"), Lead.company, editable=True),
        Column("position", N_("Position"), Lead.position, editable=True),
        Column("rating", N_("Rating"), Lead.rating, kind="choice", choices=RATINGS, editable=True),
        Column("status", N_("Status"), Lead.status, kind="choice", choices=STATUSES, editable=True),
        Column("mobile", N_("Mobile"), Lead.mobile, kind="phone", editable=True),
        Column("phone", N_("Phone"), Lead.phone, kind="phone", editable=True),
        Column("email", N_("E-mail"), Lead.email, kind="email", editable=True),
        Column("wechat", N_("WeChat"), Lead.wechat, editable=True),
        Column("city", N_("City"), Lead.city, editable=True),
        Column("country", N_("Country"), Lead.country),
        Column("source", N_("Source"), Lead.source, editable=True),
        Column("owner_id", N_("Owner"), Lead.owner_id, kind="member", editable=True),
        Column("next_follow_up_on", N_("Next follow-up"), Lead.next_follow_up_on, kind="date", editable=True),
        Column("last_contacted_at", N_("Last contact"), Lead.last_contacted_at, kind="datetime"),
        Column("customer_id", N_("Customer"), Lead.customer_id, kind="ref", ref="customer"),
        Column("contact_id", N_("Contact"), Lead.contact_id, kind="ref", ref="contact"),
        Column("deal_id", N_("Deal"), Lead.deal_id, kind="ref", ref="deal"),
        Column("converted_at", N_("Converted on"), Lead.converted_at, kind="datetime"),
        Column("tags", N_("Tags"), Lead.tags, kind="tags", editable=True),
        Column("created_at", N_("Created"), Lead.created_at, kind="datetime"),
        Column("updated_at", N_("Changed"), Lead.updated_at, kind="datetime"),
    ),
    default_columns=(
        "name",
        "company",
        "rating",
        "status",
        "mobile",
        "source",
        "owner_id",
        "next_follow_up_on",
    ),
    search=search_doc,
)
