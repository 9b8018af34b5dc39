"""The verbs of contacts' parts at further customers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from core.contacts.events import ContactRoleRemoved, ContactRoleSet
from core.contacts.models import Contact, ContactRole
from core.contacts.schema_parts import RoleIn
from core.customers.models import Customer
from core.kernel.errors import Invalid, NotFound
from core.kernel.i18n import N_
from core.records import references
from core.tenancy.ctx import Ctx


async def set_role(ctx: Ctx, contact: Contact, data: RoleIn) -> ContactRole:
    """Say which part a contact plays at a further customer. Emits ``contact.role_set``."""
    await ctx.require("contacts.edit", contact)
    if data.customer_id == contact.customer_id:
        raise Invalid.field("customer_id", "own", N_("This is the contact's own customer."))
    if await references.missing(ctx, Customer, "customers.view", {data.customer_id}):
        raise Invalid.field("customer_id", "reference", N_("There is no such customer."))
    role = await _find(ctx, contact, data.customer_id)
    if role is None:
        role = ContactRole(contact_id=contact.id, customer_id=data.customer_id)
        ctx.session.add(role)
    role.role, role.position = data.role, data.position
    await ctx.session.flush()
    links = (("customer", data.customer_id),)
    ctx.emit(
        ContactRoleSet(
            subject_id=contact.id,
            label=contact.name,
            links=links,
            customer_id=data.customer_id,
            role=data.role or "",
        )
    )
    return role


async def remove_role(ctx: Ctx, contact: Contact, customer_id: UUID) -> None:
    """End a contact's part at a further customer. Emits ``contact.role_removed``."""
    await ctx.require("contacts.edit", contact)
    role = await _find(ctx, contact, customer_id)
    if role is None:
        raise NotFound
    await ctx.session.delete(role)
    await ctx.session.flush()
    links = (("customer", customer_id),)
    ctx.emit(
        ContactRoleRemoved(subject_id=contact.id, label=contact.name, links=links, customer_id=customer_id)
    )


async def _find(ctx: Ctx, contact: Contact, customer_id: UUID) -> ContactRole | None:
    mine = (ContactRole.contact_id == contact.id, ContactRole.customer_id == customer_id)
    found: ContactRole | None = await ctx.session.scalar(select(ContactRole).where(*mine))
    return found
