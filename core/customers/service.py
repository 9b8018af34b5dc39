"""The verbs of customers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.access import queries as people
from core.customers.events import CustomerCreated, CustomerDeleted, CustomerRestored, CustomerUpdated
from core.customers.models import Customer, CustomerClass
from core.customers.schema import CustomerIn, CustomerPatch
from core.kernel.errors import FieldError, Invalid
from core.kernel.i18n import N_
from core.kernel.text import strip_company
from core.records import numbers
from core.records.changes import apply, fields
from core.tenancy.ctx import Ctx


async def create(ctx: Ctx, data: CustomerIn) -> Customer:
    """Create a customer and issue its number. Emits ``customer.created``."""
    return (await create_many(ctx, [data]))[0]


async def create_many(ctx: Ctx, rows: Sequence[CustomerIn]) -> list[Customer]:
    """Create customers in one go, with one block of numbers. Emits ``customer.created`` for each."""
    await _check_targets(ctx, {row.owner_id for row in rows}, {row.class_id for row in rows})
    issued = await numbers.take(ctx, "customer", prefix="C", count=len(rows))
    customers = [_made(ctx, row, number) for row, number in zip(rows, issued, strict=True)]
    ctx.session.add_all(customers)
    await ctx.session.flush()
    for customer in customers:
        ctx.emit(CustomerCreated(subject_id=customer.id, label=customer.name, number=customer.number))
    return customers


async def update(ctx: Ctx, customer: Customer, patch: CustomerPatch) -> Customer:
    """Change a customer. Emits ``customer.updated`` where something changed."""
    await ctx.require("customers.edit", customer)
    await _check_targets(ctx, {patch.owner_id}, {patch.class_id})
    changes = apply(customer, patch)
    if not changes:
        return customer
    if "name" in changes:
        customer.name_key = strip_company(customer.name)
    customer.updated_by_id = ctx.actor.member_id
    await ctx.session.flush()
    ctx.emit(CustomerUpdated(subject_id=customer.id, label=customer.name, changes=changes))
    return customer


async def delete(ctx: Ctx, customer: Customer) -> None:
    """Move a customer to the bin. Emits ``customer.deleted``."""
    await ctx.require("customers.delete", customer)
    customer.deleted_at = ctx.now()
    await ctx.session.flush()
    ctx.emit(CustomerDeleted(subject_id=customer.id, label=customer.name))


async def restore(ctx: Ctx, customer: Customer) -> None:
    """Take a customer out of the bin. Emits ``customer.restored``."""
    await ctx.require("customers.delete", customer)
    customer.deleted_at = None
    await ctx.session.flush()
    ctx.emit(CustomerRestored(subject_id=customer.id, label=customer.name))


def _made(ctx: Ctx, data: CustomerIn, number: str) -> Customer:
    customer = Customer(**fields(data), number=number, name_key=strip_company(data.name))
    customer.owner_id = data.owner_id or ctx.actor.member_id
    customer.created_by_id = customer.updated_by_id = ctx.actor.member_id
    return customer


async def _check_targets(ctx: Ctx, owners: set[object], classes: set[object]) -> None:
    """Refuse owners who are no active members and classes that are not in the tree."""
    errors = []
    if wanted := {owner for owner in owners if isinstance(owner, UUID)}:
        known = {member_id for member_id, _ in await people.members(ctx.session)}
        if wanted - known:
            errors.append(FieldError("owner_id", "reference", N_("There is no such active member.")))
    for class_id in (found for found in classes if isinstance(found, UUID)):
        if await ctx.session.get(CustomerClass, class_id) is None:
            errors.append(FieldError("class_id", "reference", N_("There is no such class.")))
            break
    if errors:
        raise Invalid(errors=errors)
