"""The verbs of customers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy import func
from sqlalchemy import update as changing

from core.customers import queries
from core.customers.events import CustomerCreated, CustomerDeleted, CustomerRestored, CustomerUpdated
from core.customers.models import Customer, CustomerClass
from core.customers.schema import CustomerIn, CustomerPatch
from core.kernel.errors import FieldError, Invalid, NotFound
from core.kernel.i18n import N_
from core.kernel.text import strip_company
from core.records import numbers, references
from core.records.changes import apply, fields
from core.records.service_inserting import insert_many
from core.tenancy.ctx import Ctx


async def create(ctx: Ctx, data: CustomerIn) -> Customer:
    """Create a customer and issue its number. Emits ``customer.created``."""
    return (await create_many(ctx, [data]))[0]


async def create_many(ctx: Ctx, rows: Sequence[CustomerIn]) -> list[Customer]:
    """Create customers in one go, with one block of numbers. Emits ``customer.created`` for each.

    Raises ``PaymentRequired`` where the plan has no room for all of them.
    """
    if "customers" in ctx.tenant.limits:
        used = await queries.count(ctx, at_most=ctx.tenant.limits["customers"])
        ctx.within_limit("customers", used, adding=len(rows))
    await _check_targets(ctx, rows)
    issued = await numbers.take(ctx, "customer", prefix="C", count=len(rows))
    values = [_values(ctx, row, number) for row, number in zip(rows, issued, strict=True)]
    customers: list[Customer] = await insert_many(ctx, Customer, values)
    for customer in customers:
        ctx.emit(CustomerCreated(subject_id=customer.id, label=customer.name, number=customer.number))
    return customers


async def update(ctx: Ctx, customer: Customer, patch: CustomerPatch) -> Customer:
    """Change a customer. Emits ``customer.updated`` where something changed."""
    await ctx.require("customers.edit", customer)
    await _check_targets(ctx, [patch])
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
    customer.deleted_at = customer.merged_into_id = None
    await ctx.session.flush()
    ctx.emit(CustomerRestored(subject_id=customer.id, label=customer.name))


async def touch(
    ctx: Ctx, customer_id: UUID, *, at: datetime | None, next_follow_up_on: date | UnsetType | None = UNSET
) -> None:
    """Note that a customer was in contact at an instant, and when to turn to it next.

    ``at`` None leaves the last contact; an earlier one than noted never overwrites a later one. The version
    stays, so that nobody who is changing the record meets a conflict. Whoever sees it may touch it. Emits
    nothing: what happened is an event already.
    """
    values: dict[str, object] = {"updated_at": ctx.now()}
    if at is not None:
        values["last_contacted_at"] = func.greatest(func.coalesce(Customer.last_contacted_at, at), at)
    if next_follow_up_on is not UNSET:
        values["next_follow_up_on"] = next_follow_up_on
    touched = (
        changing(Customer)
        .where(Customer.id == customer_id, ctx.visible(Customer, "customers.view"))
        .values(values)
        .returning(Customer.id)
        .execution_options(synchronize_session="fetch")
    )
    if await ctx.session.scalar(touched) is None:
        raise NotFound


def _values(ctx: Ctx, data: CustomerIn, number: str) -> dict[str, Any]:
    actor = ctx.actor.member_id
    return {
        **fields(data),
        "number": number,
        "name_key": strip_company(data.name),
        "owner_id": data.owner_id or actor,
        "created_by_id": actor,
        "updated_by_id": actor,
    }


async def _check_targets(ctx: Ctx, rows: Iterable[CustomerIn | CustomerPatch]) -> None:
    """Refuse owners who are no active members and classes that are not in the tree, all at once."""
    wanted = references.wanted(rows, ("owner_id", "class_id"))
    errors = await references.no_member(ctx, wanted["owner_id"])
    if await references.missing(ctx, CustomerClass, "customers.view", wanted["class_id"]):
        errors.append(FieldError("class_id", "reference", N_("There is no such class.")))
    if errors:
        raise Invalid(errors=errors)
