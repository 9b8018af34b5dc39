"""What has to be said before a lead leaves the board: what becomes of it, or why it is not qualified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, Response

from core.ext.specs import Duplicate
from core.kernel import money
from core.kernel.errors import AppError, Invalid
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.pipeline import queries as pipelines
from core.pipeline.leads import queries
from core.pipeline.leads.form import form_fields
from core.pipeline.leads.models import Lead
from core.pipeline.leads.records import LEAD
from core.pipeline.leads.schema import ConvertIn
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.asking import ask

Any_ = Request[Any, Any, Any]


def read_conversion(ctx: Ctx, sent: Mapping[str, Any]) -> ConvertIn:
    """Convert the form; a deal that was not asked for is left out."""
    typed = {name: value for name, value in sent.items() if name != "with_deal"}
    if sent.get("with_deal") != "true":
        return convert(ConvertIn, {n: v for n, v in typed.items() if not n.startswith("deal.")}, text=True)
    raw = str(typed.get("deal.amount_minor") or "").strip()
    if raw:
        try:
            amount = money.parse(raw, str(typed.get("deal.currency") or ctx.tenant.currency))
        except Invalid as error:
            told = error.errors[0]
            raise Invalid.field("deal.amount_minor", told.code, told.message, **told.params) from error
        typed["deal.amount_minor"] = str(amount)
    return convert(ConvertIn, typed, text=True, region=ctx.tenant.country, zone=ctx.zone)


async def ask_what_becomes(
    ctx: Ctx,
    request: Any_,
    lead: Lead,
    *,
    error: AppError | None = None,
    sent: Mapping[str, Any] | None = None,
) -> Response[Any]:
    """Ask what becomes of a lead, with those whom it may already be."""
    with ctx.session.no_autoflush:
        customers = await queries.known_customers(ctx, lead)
        contacts = await queries.known_contacts(ctx, lead)
        stages = await pipelines.stages(ctx) if ctx.can("deals.create") else []
    values = dict(sent) if sent is not None else _proposed(lead, customers, contacts)
    return ask(
        ctx,
        request,
        title=ctx.t(N_("Convert {lead}"), lead=lead.name),
        fields=form_fields(ctx, values, customers=customers, contacts=contacts, stages=stages),
        values=values,
        action=place(ctx, LEAD, f"/{lead.id}/convert"),
        submit=ctx.t(N_("Convert")),
        back=(lead.name, place(ctx, LEAD, f"/{lead.id}")),
        body="leads/known.html",
        given={"customers": customers, "contacts": contacts},
        error=error,
    )


def ask_why(
    ctx: Ctx,
    request: Any_,
    lead: Lead,
    *,
    error: AppError | None = None,
    sent: Mapping[str, Any] | None = None,
) -> Response[Any]:
    """Ask why a lead is not qualified; it may be left open."""
    fields: list[dict[str, Any]] = [
        {"name": "unqualified_reason", "kind": "text", "title": N_("Why not qualified"), "max_length": 200},
        {"name": "stage", "kind": "hidden", "title": ""},
    ]
    return ask(
        ctx,
        request,
        title=ctx.t(N_("Why is this lead not qualified?")),
        text=lead.name,
        fields=fields,
        values={"unqualified_reason": lead.unqualified_reason, **(sent or {}), "stage": "unqualified"},
        action=place(ctx, LEAD, f"/{lead.id}/move"),
        submit=ctx.t(N_("Mark as not qualified")),
        back=(lead.name, place(ctx, LEAD, f"/{lead.id}")),
        error=error,
    )


def _proposed(lead: Lead, customers: Sequence[Duplicate], contacts: Sequence[Duplicate]) -> dict[str, Any]:
    """What the form says at first: the likeliest that exists, else new ones."""
    return {
        "customer_id": _first(customers),
        "customer_name": lead.company or lead.name,
        "contact_id": _first(contacts),
        "with_deal": "true",
        "deal.name": lead.company or lead.name,
    }


def _first(found: Sequence[Duplicate]) -> str:
    return next((str(one.id) for one in found if one.id is not None), "")
