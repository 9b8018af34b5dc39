"""The verbs of what belongs to a customer: further addresses, and relations to others."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from core.customers.events import (
    AddressAdded,
    AddressChanged,
    AddressRemoved,
    CustomersRelated,
    CustomersUnrelated,
)
from core.customers.models import Customer, CustomerAddress, CustomerRelation
from core.customers.schema_parts import RELATIONS, AddressIn, AddressPatch, RelationIn
from core.kernel.errors import Conflict, Invalid
from core.kernel.i18n import N_
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx

EDIT = "customers.edit"


async def add_address(ctx: Ctx, customer: Customer, data: AddressIn) -> CustomerAddress:
    """Add a further address. Emits ``customer.address_added``."""
    await ctx.require(EDIT, customer)
    address = CustomerAddress(customer_id=customer.id, **fields(data))
    ctx.session.add(address)
    await ctx.session.flush()
    changes = {"address": (None, shown(address))}
    ctx.emit(AddressAdded(subject_id=customer.id, label=customer.name, changes=changes))
    return address


async def change_address(
    ctx: Ctx, customer: Customer, address: CustomerAddress, patch: AddressPatch
) -> CustomerAddress:
    """Change a further address. Emits ``customer.address_changed`` where something changed."""
    await ctx.require(EDIT, customer)
    before = shown(address)
    if apply(address, patch):
        await ctx.session.flush()
        changes = {"address": (before, shown(address))}
        ctx.emit(AddressChanged(subject_id=customer.id, label=customer.name, changes=changes))
    return address


async def remove_address(ctx: Ctx, customer: Customer, address: CustomerAddress) -> None:
    """Remove a further address. Emits ``customer.address_removed``."""
    await ctx.require(EDIT, customer)
    changes = {"address": (shown(address), None)}
    await ctx.session.delete(address)
    await ctx.session.flush()
    ctx.emit(AddressRemoved(subject_id=customer.id, label=customer.name, changes=changes))


async def relate(ctx: Ctx, customer: Customer, data: RelationIn) -> CustomerRelation:
    """Link a customer to another that one may see. Emits ``customer.related``."""
    await ctx.require(EDIT, customer)
    other = await _other(ctx, customer, data)
    first, second = (other, customer) if data.inverse else (customer, other)
    if await _are_related(ctx, first, second, data.kind):
        raise Conflict(code="relation.exists", detail=N_("These two are related in this way already."))
    relation = CustomerRelation(customer_id=first.id, other_id=second.id, kind=data.kind)
    ctx.session.add(relation)
    await ctx.session.flush()
    ctx.emit(
        CustomersRelated(
            subject_id=customer.id,
            label=customer.name,
            links=(("customer", other.id),),
            other_id=other.id,
            kind=data.kind,
        )
    )
    return relation


async def unrelate(ctx: Ctx, customer: Customer, relation: CustomerRelation) -> None:
    """Remove a link, from either of its ends. Emits ``customer.unrelated``."""
    await ctx.require(EDIT, customer)
    other_id = relation.other_id if relation.customer_id == customer.id else relation.customer_id
    await ctx.session.delete(relation)
    await ctx.session.flush()
    ctx.emit(
        CustomersUnrelated(
            subject_id=customer.id,
            label=customer.name,
            links=(("customer", other_id),),
            other_id=other_id,
            kind=relation.kind,
        )
    )


def shown(address: CustomerAddress) -> str:
    """One line of text for an address."""
    parts = (address.street, address.city, address.region, address.postal_code, address.country)
    return f"{address.label}: {', '.join(part for part in parts if part)}"


async def _other(ctx: Ctx, customer: Customer, data: RelationIn) -> Customer:
    if data.other_id == customer.id:
        raise Invalid.field("other_id", "self", N_("A customer is not related to itself."))
    seen = ctx.visible(Customer, "customers.view")
    other = await ctx.session.scalar(select(Customer).where(Customer.id == data.other_id, seen))
    if other is None:
        raise Invalid.field("other_id", "reference", N_("There is no such customer."))
    return other


async def _are_related(ctx: Ctx, first: Customer, second: Customer, kind: str) -> bool:
    here, there = CustomerRelation.customer_id, CustomerRelation.other_id
    either = and_(here == first.id, there == second.id)
    titles = RELATIONS[kind]
    if titles[0] == titles[1]:
        either = or_(either, and_(here == second.id, there == first.id))
    found = select(CustomerRelation.id).where(CustomerRelation.kind == kind, either)
    return await ctx.session.scalar(found.limit(1)) is not None
