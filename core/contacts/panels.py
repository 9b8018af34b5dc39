"""What contacts add to record pages: the people of a customer, its organisation, a contact's further customers."""

from __future__ import annotations

from typing import Any

from core.contacts import queries
from core.contacts.models import Contact
from core.contacts.records import CONTACT
from core.customers.models import Customer
from core.ext.specs import Column, Panel
from core.kernel.i18n import N_
from core.records.shown import choices
from core.tenancy.ctx import Ctx

SHOWN = 6


def _roles() -> Any:
    column = CONTACT.column("role")
    return choices(column) if isinstance(column, Column) else ()


async def _people(ctx: Ctx, customer: Customer) -> tuple[str, dict[str, Any]]:
    found = await queries.of_customer(ctx, customer.id, most=SHOWN + 1)
    return "contacts/people.html", {"people": found[:SHOWN], "more": len(found) > SHOWN, "roles": _roles()}


async def _organisation(ctx: Ctx, customer: Customer) -> tuple[str, dict[str, Any]]:
    departments = await queries.organisation(ctx, customer.id)
    return "contacts/organisation.html", {"departments": departments, "roles": _roles()}


async def _further(ctx: Ctx, contact: Contact) -> tuple[str, dict[str, Any]]:
    may_edit = await ctx.can_on("contacts.edit", contact)
    found = await queries.roles(ctx, contact.id)
    return "contacts/further.html", {"further": found, "may_edit": may_edit, "roles": _roles()}


async def _team(ctx: Ctx, contact: Contact) -> tuple[str, dict[str, Any]]:
    return "contacts/team.html", {"team": await queries.team(ctx, contact), "roles": _roles()}


PANELS = [
    Panel(
        slot="customer.side",
        key="contacts",
        title=N_("Contacts"),
        render=_people,
        order=100,
        permission="contacts.view",
    ),
    Panel(
        slot="customer.tab",
        key="organisation",
        title=N_("Organisation"),
        render=_organisation,
        order=100,
        permission="contacts.view",
    ),
    Panel(
        slot="contact.side",
        key="team",
        title=N_("Works with"),
        render=_team,
        order=100,
        permission="contacts.view",
    ),
    Panel(
        slot="contact.side",
        key="further",
        title=N_("Further customers"),
        render=_further,
        order=200,
        permission="contacts.view",
    ),
]
