"""Makes customer, contact and deal of a lead, through their own verbs, in one transaction, once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from core.access.models import Member
from core.contacts import service as contacts
from core.contacts.models import Contact
from core.contacts.schema import ContactIn
from core.customers import service as customers
from core.customers.models import Customer
from core.customers.schema import CustomerIn
from core.kernel.errors import AppError, Conflict, FieldError, Invalid
from core.kernel.events.models import EventLink
from core.kernel.i18n import N_
from core.pipeline.deals import service as deals
from core.pipeline.deals.schema import DealIn
from core.pipeline.leads.events import LeadConverted
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import ConvertDeal, ConvertIn
from core.pipeline.models import Deal
from core.tenancy.ctx import Ctx


async def convert(ctx: Ctx, lead: Lead, data: ConvertIn) -> Lead:
    """Convert a lead; one that is converted already stays as it is, whatever is asked.

    New records belong to the lead's owner, or to the actor where that one has left. What happened to the lead
    is from now on also on the timelines of the customer and the contact. Emits ``lead.converted`` with links to
    all three, and the events of what is created. Raises Forbidden where the actor may not create what is asked
    for.
    """
    await ctx.require("leads.edit", lead)
    await ctx.session.refresh(lead, with_for_update=True)
    if lead.status == "converted":
        return lead
    if lead.deleted_at is not None:
        raise Conflict(N_("This lead is in the bin."), code="lead.deleted")
    owner_id = await _owner(ctx, lead)
    customer = await _customer(ctx, lead, data, owner_id)
    contact = await _contact(ctx, lead, data, customer, owner_id)
    deal = None
    if data.deal is not None:
        deal = await _deal(ctx, lead, data.deal, customer, contact, owner_id)
    lead.status, lead.converted_at = "converted", ctx.now()
    lead.customer_id, lead.contact_id = customer.id, contact.id
    lead.deal_id = deal.id if deal else None
    lead.next_follow_up_on = None
    lead.updated_by_id = ctx.actor.member_id
    await ctx.session.flush()
    await _keep_trace(ctx, lead)
    _tell(ctx, lead)
    return lead


async def _owner(ctx: Ctx, lead: Lead) -> UUID | None:
    """The lead's owner, if he is still here."""
    if lead.owner_id is None or lead.owner_id == ctx.actor.member_id:
        return lead.owner_id
    here = select(Member.id).where(Member.id == lead.owner_id, Member.active)
    found: UUID | None = await ctx.session.scalar(here)
    return found


async def _customer(ctx: Ctx, lead: Lead, data: ConvertIn, owner_id: UUID | None) -> Customer:
    if data.customer_id is not None:
        found = select(Customer).where(
            Customer.id == data.customer_id, ctx.visible(Customer, "customers.view")
        )
        customer = await ctx.session.scalar(found)
        if customer is None:
            raise Invalid.field("customer_id", "reference", N_("There is no such customer."))
        return customer
    await ctx.require("customers.create")
    is_company = bool(lead.company or data.customer_name)
    made = CustomerIn(
        name=data.customer_name or lead.company or lead.name,
        kind="company" if is_company else "person",
        owner_id=owner_id,
        phone=lead.phone,
        city=lead.city,
        country=lead.country,
        source=lead.source,
        tags=list(lead.tags),
    )
    if not is_company:
        made.mobile, made.email, made.wechat, made.whatsapp = (
            lead.mobile,
            lead.email,
            lead.wechat,
            lead.whatsapp,
        )
    return await customers.create(ctx, made)


async def _contact(
    ctx: Ctx, lead: Lead, data: ConvertIn, customer: Customer, owner_id: UUID | None
) -> Contact:
    if data.contact_id is not None:
        found = select(Contact).where(Contact.id == data.contact_id, ctx.visible(Contact, "contacts.view"))
        contact = await ctx.session.scalar(found)
        if contact is None:
            raise Invalid.field("contact_id", "reference", N_("There is no such contact."))
        return contact
    await ctx.require("contacts.create")
    return await contacts.create(
        ctx,
        ContactIn(
            name=lead.name,
            customer_id=customer.id,
            position=lead.position,
            mobile=lead.mobile,
            phone=lead.phone,
            email=lead.email,
            wechat=lead.wechat,
            whatsapp=lead.whatsapp,
            owner_id=owner_id,
            notes=lead.notes,
        ),
    )


async def _deal(
    ctx: Ctx, lead: Lead, data: ConvertDeal, customer: Customer, contact: Contact, owner_id: UUID | None
) -> Deal:
    await ctx.require("deals.create")
    made = DealIn(
        name=data.name or customer.name,
        customer_id=customer.id,
        contact_id=contact.id,
        stage_id=data.stage_id,
        amount_minor=data.amount_minor,
        currency=data.currency,
        expected_close_on=data.expected_close_on,
        owner_id=owner_id,
        lead_id=lead.id,
        source=lead.source,
    )
    try:
        return await deals.create(ctx, made)
    except AppError as error:
        error.errors = _below("deal", error.errors)
        raise


def _below(name: str, errors: Sequence[FieldError]) -> tuple[FieldError, ...]:
    return tuple(FieldError(f"{name}.{e.path}", e.code, e.message, e.params) for e in errors)


async def _keep_trace(ctx: Ctx, lead: Lead) -> None:
    """Let what happened to the lead so far stand on the timelines of what it became."""
    own, there = aliased(EventLink), aliased(EventLink)
    for record_type, record_id in (("customer", lead.customer_id), ("contact", lead.contact_id)):
        known = select(there.event_id).where(
            there.record_type == record_type, there.record_id == record_id, there.event_id == own.event_id
        )
        copied = select(
            literal(record_type), literal(record_id), own.occurred_at, own.event_id, own.event_name
        ).where(own.record_type == "lead", own.record_id == lead.id, ~known.exists())
        names = ["record_type", "record_id", "occurred_at", "event_id", "event_name"]
        await ctx.session.execute(insert(EventLink).from_select(names, copied))


def _tell(ctx: Ctx, lead: Lead) -> None:
    customer_id, contact_id = lead.customer_id, lead.contact_id
    if customer_id is None or contact_id is None:
        raise TypeError("a converted lead names its customer and its contact")
    links: list[tuple[str, UUID]] = [("customer", customer_id), ("contact", contact_id)]
    if lead.deal_id is not None:
        links.append(("deal", lead.deal_id))
    ctx.emit(
        LeadConverted(
            subject_id=lead.id,
            label=lead.name,
            links=tuple(links),
            customer_id=customer_id,
            contact_id=contact_id,
            deal_id=lead.deal_id,
        )
    )
