"""The cards of deals on other records' pages, and of their customer on a deal's page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core.contacts.models import Contact
from core.customers.models import Customer
from core.ext.specs import Panel
from core.kernel.i18n import N_
from core.pipeline.deals import queries
from core.pipeline.models import Deal
from core.tenancy.ctx import Ctx


async def deals_of_customer(ctx: Ctx, customer: Any) -> tuple[str, dict[str, Any]]:
    """The deals of a customer, open ones first."""
    found = await queries.of_record(ctx, Deal.customer_id, customer.id)
    return "deals/panel.html", {"deals": found, "question": f"customer_id={customer.id}"}


async def deals_of_contact(ctx: Ctx, contact: Any) -> tuple[str, dict[str, Any]]:
    """The deals of a contact, open ones first."""
    found = await queries.of_record(ctx, Deal.contact_id, contact.id)
    question = f"contact_id={contact.id}"
    if contact.customer_id:
        question += f"&customer_id={contact.customer_id}"
    return "deals/panel.html", {"deals": found, "question": question}


async def customer_of_deal(ctx: Ctx, deal: Any) -> tuple[str, dict[str, Any]]:
    """The customer of a deal and whom to talk to there, as far as the actor may see them."""
    customer = contact = None
    if deal.customer_id:
        statement = select(Customer).where(Customer.id == deal.customer_id)
        customer = await ctx.session.scalar(statement.where(ctx.visible(Customer, "customers.view")))
    if deal.contact_id:
        of_contact = select(Contact).where(Contact.id == deal.contact_id)
        contact = await ctx.session.scalar(of_contact.where(ctx.visible(Contact, "contacts.view")))
    return "deals/customer_panel.html", {"customer": customer, "contact": contact}


PANELS: list[Panel] = [
    Panel(
        slot="customer.side",
        key="deals",
        title=N_("Deals"),
        render=deals_of_customer,
        order=100,
        permission="deals.view",
    ),
    Panel(
        slot="contact.side",
        key="deals",
        title=N_("Deals"),
        render=deals_of_contact,
        order=100,
        permission="deals.view",
    ),
    Panel(slot="deal.side", key="customer", title=N_("Customer"), render=customer_of_deal, order=100),
]
