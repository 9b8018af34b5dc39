"""The record type of deals."""

from __future__ import annotations

import msgspec

from core.ext.specs import Choice, Column, RecordType, SearchDoc, Verbs
from core.kernel.i18n import N_
from core.pipeline.deals import service
from core.pipeline.deals.schema import DealIn, DealOut, DealPatch
from core.pipeline.models import Deal

STATUSES = (
    Choice("open", N_("In progress"), "info"),
    Choice("won", N_("Won"), "success"),
    Choice("lost", N_("Lost"), "danger"),
)


SALE = N_("The sale")
VALUE = N_("Amount and chance")
TIME = N_("Time")
FOLLOW_UP = N_("Owner and follow-up")
RECORD = N_("Record")
COLUMNS = (
    Column("name", N_("Name"), Deal.name, link=True, editable=True),
    Column("customer_id", N_("Customer"), Deal.customer_id, kind="ref", ref="customer", group=SALE),
    Column("contact_id", N_("Contact"), Deal.contact_id, kind="ref", ref="contact", group=SALE),
    Column("stage_id", N_("Stage"), Deal.stage_id, kind="ref", ref="stage", group=SALE),
    Column("pipeline_id", N_("Sales pipeline"), Deal.pipeline_id, kind="ref", ref="pipeline", group=SALE),
    Column("status", N_("Status"), Deal.status, kind="choice", choices=STATUSES, group=SALE),
    Column("source", N_("Source"), Deal.source, editable=True, group=SALE),
    Column("competitor", N_("Competitor"), Deal.competitor, editable=True, group=SALE),
    Column("lead_id", N_("Lead"), Deal.lead_id, kind="ref", ref="lead", group=SALE),
    Column(
        "amount_minor",
        N_("Amount"),
        Deal.amount_minor,
        kind="money",
        currency=Deal.currency,
        editable=True,
        group=VALUE,
    ),
    Column(
        "base_amount_minor", N_("Amount in own currency"), Deal.base_amount_minor, kind="money", group=VALUE
    ),
    Column("currency", N_("Currency"), Deal.currency, group=VALUE),
    Column("exchange_rate", N_("Exchange rate"), Deal.exchange_rate, kind="number", group=VALUE),
    Column("probability", N_("Probability"), Deal.probability, kind="percent", editable=True, group=VALUE),
    Column(
        "expected_close_on",
        N_("Expected close"),
        Deal.expected_close_on,
        kind="date",
        editable=True,
        group=TIME,
    ),
    Column("stage_entered_at", N_("In this stage since"), Deal.stage_entered_at, kind="datetime", group=TIME),
    Column("closed_at", N_("Closed"), Deal.closed_at, kind="datetime", group=TIME),
    Column("close_reason_id", N_("Reason"), Deal.close_reason_id, kind="ref", ref="close_reason", group=TIME),
    Column("owner_id", N_("Owner"), Deal.owner_id, kind="member", editable=True, group=FOLLOW_UP),
    Column(
        "next_follow_up_on",
        N_("Next follow-up"),
        Deal.next_follow_up_on,
        kind="date",
        editable=True,
        group=FOLLOW_UP,
    ),
    Column("last_contacted_at", N_("Last contact"), Deal.last_contacted_at, kind="datetime", group=FOLLOW_UP),
    Column("tags", N_("Tags"), Deal.tags, kind="tags", editable=True, group=FOLLOW_UP),
    Column("notes", N_("Notes"), Deal.notes, kind="longtext", editable=True, group=FOLLOW_UP),
    Column("number", N_("Number"), Deal.number, group=RECORD),
    Column("created_at", N_("Created"), Deal.created_at, kind="datetime", group=RECORD),
    Column("updated_at", N_("Changed"), Deal.updated_at, kind="datetime", group=RECORD),
)


def to_out(deal: Deal) -> DealOut:
    """Show a deal as the API does."""
    return msgspec.convert(deal, DealOut, from_attributes=True)


def search_doc(deal: Deal) -> SearchDoc:
    """What a deal can be found by."""
    return SearchDoc(title=deal.name, subtitle=deal.number, names=(deal.name,), numbers=(deal.number,))


DEAL = RecordType(
    key="deal",
    path="deals",
    board="/pipeline",
    title=N_("Deal"),
    title_plural=N_("Deals"),
    icon="handshake",
    model=Deal,
    create=DealIn,
    patch=DealPatch,
    out=DealOut,
    to_out=to_out,
    verbs=Verbs(
        create=service.create,
        create_many=service.create_many,
        update=service.update,
        delete=service.delete,
        restore=service.restore,
    ),
    permission="deals",
    label=Deal.name,
    owner=Deal.owner_id,
    columns=COLUMNS,
    default_columns=(
        "name",
        "customer_id",
        "stage_id",
        "status",
        "amount_minor",
        "expected_close_on",
        "owner_id",
    ),
    search=search_doc,
    within="customer_id",
)
