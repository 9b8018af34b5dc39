"""The page of a lead, and its conversion; lists and forms come from the record type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.ext.specs import Duplicate
from core.kernel import money
from core.kernel.errors import AppError, Invalid
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.pipeline import queries as pipelines
from core.pipeline.leads import queries, service_conversion
from core.pipeline.leads.form import form_fields
from core.pipeline.leads.models import Lead
from core.pipeline.leads.records import LEAD, RATINGS, STATUSES
from core.pipeline.leads.schema import ConvertIn
from core.records import lists
from core.records.record_page import record_page
from core.records.shown import TONES, place
from core.tenancy.ctx import Ctx
from core.web.asking import ask
from core.web.bodies import form_values
from core.web.pages import redirect, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]


class LeadPages(Controller):
    """One lead with everything about it."""

    path = "/leads/{record_id:uuid}"
    include_in_schema = False

    @get("/", permission="leads.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show a lead."""
        lead: Lead = await lists.get(ctx, LEAD, record_id, deleted=True)
        ratings = [(choice.value, choice.label, TONES[choice.tone]) for choice in RATINGS]
        statuses = [(choice.value, choice.label, TONES[choice.tone]) for choice in STATUSES]
        return await record_page(
            ctx, request, LEAD, lead, template="leads/show.html", ratings=ratings, statuses=statuses
        )

    @get("/convert", permission="leads.edit")
    async def ask(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Ask what becomes of a lead, with those whom it may already be."""
        lead: Lead = await lists.get(ctx, LEAD, record_id, action="edit")
        if lead.status == "converted":
            return redirect(request, place(ctx, LEAD, f"/{lead.id}"))
        return await _ask(ctx, request, lead)

    @post("/convert", permission="leads.edit")
    async def convert(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Convert a lead and go to its customer."""
        lead: Lead = await lists.get(ctx, LEAD, record_id, action="edit")
        sent = await form_values(request)
        try:
            await service_conversion.convert(ctx, lead, _read(ctx, sent))
        except AppError as error:
            return await _ask(ctx, request, lead, error=error, sent=sent)
        said = ctx.t(N_("{lead} is now a customer."), lead=lead.name)
        return toast(redirect(request, ctx.w(f"/customers/{lead.customer_id}")), said)


def _read(ctx: Ctx, sent: Mapping[str, Any]) -> ConvertIn:
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


async def _ask(
    ctx: Ctx,
    request: Any_,
    lead: Lead,
    *,
    error: AppError | None = None,
    sent: Mapping[str, Any] | None = None,
) -> Response[Any]:
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
