"""The record type of activities: what lists, imports and the API show of them."""

from __future__ import annotations

from sqlalchemy import true

from core.activities import service
from core.activities.models import Activity
from core.activities.schema import ActivityIn, ActivityOut, ActivityPatch, to_out
from core.ext.specs import Choice, Column, RecordType, Verbs
from core.kernel.i18n import N_

KINDS = tuple(Choice(value, title) for value, title in service.TITLES.items())
ICONS = {
    "note": "sticky-note",
    "call": "phone",
    "meeting": "users",
    "email": "mail",
    "visit": "map-pin",
    "message": "message-circle",
}
DIRECTIONS = (Choice("in", N_("Incoming")), Choice("out", N_("Outgoing")))
OUTCOMES = (
    Choice("reached", N_("Reached"), "success"),
    Choice("no_answer", N_("No answer"), "warning"),
    Choice("call_back", N_("Call back later"), "info"),
    Choice("interested", N_("Interested"), "success"),
    Choice("not_interested", N_("Not interested"), "danger"),
    Choice("agreed", N_("Agreed"), "success"),
)

ACTIVITY = RecordType(
    key="activity",
    path="activities",
    title=N_("Follow-up"),
    title_plural=N_("Follow-ups"),
    icon="activity",
    model=Activity,
    create=ActivityIn,
    patch=ActivityPatch,
    out=ActivityOut,
    to_out=to_out,
    verbs=Verbs(
        create=service.log,
        create_many=service.log_many,
        update=service.update,
        delete=service.delete,
        restore=service.restore,
    ),
    permission="activities",
    label=Activity.subject,
    owner=Activity.owner_id,
    stays=true(),
    columns=(
        Column("subject", N_("Subject"), Activity.subject, link=True, editable=True),
        Column("kind", N_("Kind"), Activity.kind, kind="choice", choices=KINDS, editable=True),
        Column("occurred_at", N_("When"), Activity.occurred_at, kind="datetime", editable=True),
        Column("customer_id", N_("Customer"), Activity.customer_id, kind="ref", ref="customer"),
        Column("contact_id", N_("Contact"), Activity.contact_id, kind="ref", ref="contact"),
        Column("lead_id", N_("Lead"), Activity.lead_id, kind="ref", ref="lead"),
        Column("deal_id", N_("Deal"), Activity.deal_id, kind="ref", ref="deal"),
        Column("outcome", N_("Outcome"), Activity.outcome, kind="choice", choices=OUTCOMES, editable=True),
        Column("direction", N_("Direction"), Activity.direction, kind="choice", choices=DIRECTIONS),
        Column("duration_min", N_("Minutes"), Activity.duration_min, kind="number", editable=True),
        Column("owner_id", N_("Owner"), Activity.owner_id, kind="member", editable=True),
        Column("body", N_("What happened?"), Activity.body, kind="longtext"),
        Column("created_at", N_("Created"), Activity.created_at, kind="datetime"),
    ),
    default_columns=("subject", "kind", "occurred_at", "customer_id", "outcome", "owner_id"),
    natural_order="-occurred_at",
)
