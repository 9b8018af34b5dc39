"""The verbs of the classification tree."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import select

from core.customers.events_classes import ClassCreated, ClassDeleted, ClassRestored, ClassUpdated
from core.customers.models import Customer, CustomerClass
from core.customers.schema_parts import ClassIn, ClassPatch
from core.kernel.errors import Conflict, Invalid
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.records.changes import apply
from core.tenancy.ctx import Ctx

DEPTH = 8
BETWEEN = " / "


async def create(ctx: Ctx, data: ClassIn) -> CustomerClass:
    """Add a class below another or at the top. Emits ``customer_class.created``."""
    parent = await _parent(ctx, data.parent_id)
    await _refuse_twin(ctx, data.name, data.parent_id)
    node = CustomerClass(id=uuid7(), name=data.name, parent_id=data.parent_id, position=data.position)
    node.external_id = data.external_id
    node.created_by_id = node.updated_by_id = ctx.actor.member_id
    _place(node, parent)
    ctx.session.add(node)
    await ctx.session.flush()
    ctx.emit(ClassCreated(subject_id=node.id, label=node.title))
    return node


async def update(ctx: Ctx, node: CustomerClass, patch: ClassPatch) -> CustomerClass:
    """Rename, move or reorder a class; what is below goes with it. Emits ``customer_class.updated``."""
    await ctx.require("customers.classes.edit", node)
    parent_id = node.parent_id if patch.parent_id is UNSET else patch.parent_id
    parent = await _parent(ctx, parent_id)
    if parent is not None and parent.path.startswith(node.path):
        raise Invalid.field("parent_id", "cycle", N_("A class cannot lie below itself."))
    name = node.name if patch.name is UNSET else patch.name
    await _refuse_twin(ctx, name, parent_id, but=node.id)
    below = await _below(ctx, node)
    changes = apply(node, patch)
    if not changes:
        return node
    _place(node, parent)
    known = {node.id: node}
    for child in below:
        _place(child, known[child.parent_id])  # type: ignore[index]
        known[child.id] = child
    await ctx.session.flush()
    ctx.emit(ClassUpdated(subject_id=node.id, label=node.title, changes=changes))
    return node


async def delete(ctx: Ctx, node: CustomerClass) -> None:
    """Remove a class that holds neither classes nor customers. Emits ``customer_class.deleted``."""
    await ctx.require("customers.classes.delete", node)
    if await _exists(ctx, select(CustomerClass.id).where(CustomerClass.parent_id == node.id)):
        raise Conflict(code="class.has_classes", detail=N_("There are classes below this one."))
    if await _exists(ctx, select(Customer.id).where(Customer.class_id == node.id)):
        text = N_("There are customers in this class. Put them into another one first.")
        raise Conflict(code="class.has_customers", detail=text)
    node.deleted_at = ctx.now()
    await ctx.session.flush()
    ctx.emit(ClassDeleted(subject_id=node.id, label=node.title))


async def restore(ctx: Ctx, node: CustomerClass) -> None:
    """Bring a removed class back. Emits ``customer_class.restored``."""
    await ctx.require("customers.classes.delete", node)
    parent = await _parent(ctx, node.parent_id)
    await _refuse_twin(ctx, node.name, node.parent_id, but=node.id)
    node.deleted_at = None
    _place(node, parent)
    await ctx.session.flush()
    ctx.emit(ClassRestored(subject_id=node.id, label=node.title))


def _place(node: CustomerClass, parent: CustomerClass | None) -> None:
    above, title = (parent.path, f"{parent.title}{BETWEEN}") if parent is not None else ("/", "")
    node.path, node.title = f"{above}{node.id}/", f"{title}{node.name}"
    if node.path.count("/") - 1 > DEPTH:
        text = N_("Classes may be nested {depth} deep.")
        raise Invalid.field("parent_id", "depth", text, depth=DEPTH)


async def _parent(ctx: Ctx, parent_id: UUID | None) -> CustomerClass | None:
    if parent_id is None:
        return None
    parent = await ctx.session.scalar(select(CustomerClass).where(CustomerClass.id == parent_id))
    if parent is None:
        raise Invalid.field("parent_id", "reference", N_("There is no such class."))
    return parent


async def _below(ctx: Ctx, node: CustomerClass) -> list[CustomerClass]:
    """All below a class, each after what it lies below."""
    within = CustomerClass.path.startswith(node.path, autoescape=True)
    found = select(CustomerClass).where(within, CustomerClass.id != node.id).order_by(CustomerClass.path)
    return sorted(await ctx.session.scalars(found), key=lambda child: child.path.count("/"))


async def _refuse_twin(ctx: Ctx, name: str, parent_id: UUID | None, *, but: UUID | None = None) -> None:
    twin = select(CustomerClass.id).where(
        CustomerClass.name == name, CustomerClass.parent_id.is_not_distinct_from(parent_id)
    )
    if but is not None:
        twin = twin.where(CustomerClass.id != but)
    with ctx.session.no_autoflush:
        if await _exists(ctx, twin):
            raise Invalid.field("name", "duplicate", N_("There is a class of this name in the same place."))


async def _exists(ctx: Ctx, statement: Any) -> bool:
    return await ctx.session.scalar(statement.limit(1)) is not None
