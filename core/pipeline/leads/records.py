"""The record type of leads."""

from __future__ import annotations

import msgspec

from core.ext.specs import Choice, Column, RecordType, SearchDoc, Verbs
from core.kernel.i18n import N_
from core.pipeline.leads import queries, service
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


STATE = N_("State")
REACH = N_("How to reach them")
WORK = N_("At work")
FOLLOW_UP = N_("Owner and follow-up")
BECAME = N_("What it became")
RECORD = N_("Record")
COLUMNS = (
    Column("name", N_("Full name"), Lead.name, link=True, editable=True),
    Column("company", N_("Company"), Lead.company, editable=True, group=WORK),
    Column("position", N_("Job title"), Lead.position, editable=True, group=WORK),
    Column("city", N_("City"), Lead.city, editable=True, group=WORK),
    Column("country", N_("Country"), Lead.country, kind="country", group=WORK),
    Column("rating", N_("Rating"), Lead.rating, kind="choice", choices=RATINGS, editable=True, group=STATE),
    Column("status", N_("Status"), Lead.status, kind="choice", choices=STATUSES, editable=True, group=STATE),
    Column(
        "unqualified_reason", N_("Why not qualified"), Lead.unqualified_reason, editable=True, group=STATE
    ),
    Column("source", N_("Source"), Lead.source, editable=True, group=STATE),
    Column("mobile", N_("Mobile"), Lead.mobile, kind="phone", editable=True, group=REACH),
    Column("phone", N_("Phone"), Lead.phone, kind="phone", editable=True, group=REACH),
    Column("email", N_("E-mail"), Lead.email, kind="email", editable=True, group=REACH),
    Column("wechat", N_("WeChat"), Lead.wechat, editable=True, group=REACH),
    Column("whatsapp", N_("WhatsApp"), Lead.whatsapp, kind="phone", editable=True, group=REACH),
    Column("owner_id", N_("Owner"), Lead.owner_id, kind="member", editable=True, group=FOLLOW_UP),
    Column(
        "next_follow_up_on",
        N_("Next follow-up"),
        Lead.next_follow_up_on,
        kind="date",
        editable=True,
        group=FOLLOW_UP,
    ),
    Column("last_contacted_at", N_("Last contact"), Lead.last_contacted_at, kind="datetime", group=FOLLOW_UP),
    Column("tags", N_("Tags"), Lead.tags, kind="tags", editable=True, group=FOLLOW_UP),
    Column("notes", N_("Notes"), Lead.notes, kind="longtext", editable=True, group=FOLLOW_UP),
    Column("customer_id", N_("Customer"), Lead.customer_id, kind="ref", ref="customer", group=BECAME),
    Column("contact_id", N_("Contact"), Lead.contact_id, kind="ref", ref="contact", group=BECAME),
    Column("deal_id", N_("Deal"), Lead.deal_id, kind="ref", ref="deal", group=BECAME),
    Column("converted_at", N_("Converted on"), Lead.converted_at, kind="datetime", group=BECAME),
    Column("created_at", N_("Created"), Lead.created_at, kind="datetime", group=RECORD),
    Column("updated_at", N_("Changed"), Lead.updated_at, kind="datetime", group=RECORD),
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


LEAD: RecordType = RecordType(
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
    columns=COLUMNS,
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
    duplicates=lambda ctx, rows: queries.find_duplicates(ctx, LEAD, rows),
    board="/leads/board",
)
