"""Reads of customers: what may be the same, what belongs to one, the classification tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, case, func, or_, select

from core.customers.models import Customer, CustomerAddress, CustomerClass, CustomerRelation
from core.customers.schema_parts import RELATIONS, AddressOut, RelationOut
from core.ext.specs import Duplicate, RecordType
from core.kernel.errors import NotFound
from core.kernel.text import strip_company
from core.records import duplicates
from core.records.duplicates import Keys
from core.tenancy.ctx import Ctx

MOST = 200
MOST_CLASSES = 2_000


async def count(ctx: Ctx, *, at_most: int) -> int:
    """Count the workspace's customers, whoever may see them, up to one more than ``at_most``."""
    some = select(Customer.id).where(Customer.deleted_at.is_(None)).limit(at_most + 1).subquery()
    return await ctx.session.scalar(select(func.count()).select_from(some)) or 0


def keys(customer: Any) -> Keys:
    """What a customer is recognised by: name, numbers, address.

    A company by its name alone; a person's name is shared by many, so it needs the city with it.
    """
    found: set[tuple[str, ...]] = set()
    name = strip_company(customer.name)
    if customer.kind == "company":
        found.add(("name", name))
    elif customer.city:
        found.add(("name", name, customer.city))
    found |= {("phone", number) for number in (customer.phone, customer.mobile, customer.whatsapp) if number}
    if customer.email:
        found.add(("email", customer.email))
    return frozenset(found)


def _has_one(wanted: Keys) -> ColumnElement[bool]:
    values = {
        name: sorted({key[1] for key in wanted if key[0] == name}) for name in ("name", "phone", "email")
    }
    return or_(
        Customer.name_key.in_(values["name"]),
        Customer.phone.in_(values["phone"]),
        Customer.mobile.in_(values["phone"]),
        Customer.email.in_(values["email"]),
    )


async def find_duplicates(ctx: Ctx, type_: RecordType, rows: Sequence[Any]) -> Sequence[Sequence[Duplicate]]:
    """Find, for each of several new customers, those that exist with the same name, number or address."""
    return await duplicates.find(ctx, type_, rows, keys=keys, condition=_has_one)


async def addresses(ctx: Ctx, customer_id: UUID) -> list[CustomerAddress]:
    """Read the further addresses of a customer, the oldest first."""
    mine = CustomerAddress.customer_id == customer_id
    found = select(CustomerAddress).where(mine).order_by(CustomerAddress.created_at, CustomerAddress.id)
    return list(await ctx.session.scalars(found.limit(MOST)))


async def address(ctx: Ctx, customer_id: UUID, address_id: UUID) -> CustomerAddress:
    """Read one further address of a customer; raises NotFound."""
    mine = (CustomerAddress.id == address_id, CustomerAddress.customer_id == customer_id)
    found = await ctx.session.scalar(select(CustomerAddress).where(*mine))
    if found is None:
        raise NotFound
    return found


async def address_with_customer(ctx: Ctx, address_id: UUID) -> tuple[Customer, CustomerAddress]:
    """Read a further address and its customer, if the actor may see that; raises NotFound."""
    found = (
        select(Customer, CustomerAddress)
        .join(CustomerAddress, CustomerAddress.customer_id == Customer.id)
        .where(CustomerAddress.id == address_id, ctx.visible(Customer, "customers.view"))
    )
    row = (await ctx.session.execute(found)).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def address_out(found: CustomerAddress) -> AddressOut:
    """Show a further address as the API does."""
    return msgspec.convert(found, AddressOut, from_attributes=True)


async def relations(ctx: Ctx, customer_id: UUID) -> list[RelationOut]:
    """Read the relations of a customer to others that the actor may see, of both directions."""
    here, there = CustomerRelation.customer_id, CustomerRelation.other_id
    other = case((here == customer_id, there), else_=here)
    found = (
        select(CustomerRelation, Customer.id, Customer.name)
        .join(Customer, Customer.id == other)
        .where(or_(here == customer_id, there == customer_id), ctx.visible(Customer, "customers.view"))
        .order_by(CustomerRelation.kind, Customer.name)
        .limit(MOST)
    )
    return [_relation_out(ctx, row, customer_id) for row in await ctx.session.execute(found)]


def _relation_out(ctx: Ctx, row: Any, customer_id: UUID) -> RelationOut:
    relation, other_id, other_name = row
    inverse = relation.customer_id != customer_id
    return RelationOut(
        id=relation.id,
        kind=relation.kind,
        inverse=inverse,
        title=ctx.t(RELATIONS[relation.kind][inverse]),
        other_id=other_id,
        other_name=other_name,
    )


async def relation(ctx: Ctx, customer_id: UUID, relation_id: UUID) -> CustomerRelation:
    """Read one relation that a customer is an end of; raises NotFound."""
    ends = or_(CustomerRelation.customer_id == customer_id, CustomerRelation.other_id == customer_id)
    found = await ctx.session.scalar(select(CustomerRelation).where(CustomerRelation.id == relation_id, ends))
    if found is None:
        raise NotFound
    return found


async def tree(ctx: Ctx) -> list[CustomerClass]:
    """Read the classification tree in the order in which it is shown: each class before those below it."""
    found = select(CustomerClass).order_by(CustomerClass.position, CustomerClass.name).limit(MOST_CLASSES)
    below: dict[UUID | None, list[CustomerClass]] = {}
    for node in await ctx.session.scalars(found):
        below.setdefault(node.parent_id, []).append(node)
    shown: list[CustomerClass] = []
    waiting = below.get(None, [])[::-1]
    while waiting:
        node = waiting.pop()
        shown.append(node)
        waiting += below.get(node.id, [])[::-1]
    return shown
