"""The page of a lead, and its conversion; lists and forms come from the record type."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.pipeline.leads import service_conversion
from core.pipeline.leads.asked import ask_what_becomes, read_conversion
from core.pipeline.leads.models import Lead
from core.pipeline.leads.records import LEAD, RATINGS, STATUSES
from core.records import lists
from core.records.record_page import record_page
from core.records.shown import TONES, place
from core.tenancy.ctx import Ctx
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
        return await ask_what_becomes(ctx, request, lead)

    @post("/convert", permission="leads.edit")
    async def convert(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Convert a lead and go to its customer."""
        lead: Lead = await lists.get(ctx, LEAD, record_id, action="edit")
        sent = await form_values(request)
        try:
            await service_conversion.convert(ctx, lead, read_conversion(ctx, sent))
        except AppError as error:
            return await ask_what_becomes(ctx, request, lead, error=error, sent=sent)
        said = ctx.t(N_("{lead} is now a customer."), lead=lead.name)
        return toast(redirect(request, ctx.w(f"/customers/{lead.customer_id}")), said)
