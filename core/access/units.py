"""Verbs on departments: the tree that team rights follow."""

from typing import Any
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import func, select, update

from core.access.events import UnitChanged
from core.access.models import Member, Unit
from core.access.schema import UnitIn, UnitPatch
from core.access.service import MANAGE
from core.kernel.errors import Conflict, Invalid
from core.kernel.i18n import N_
from core.kernel.ids import uuid7


async def create_unit(ctx: Any, data: UnitIn) -> Unit:
    """Make a department; emits unit.changed."""
    await ctx.require(MANAGE)
    new_id = uuid7()
    path = f"{await _path(ctx, data.parent_id)}{new_id}/"
    unit = Unit(id=new_id, name=data.name, parent_id=data.parent_id, path=path)
    ctx.session.add(unit)
    await ctx.session.flush()
    ctx.emit(UnitChanged(subject_id=unit.id, label=unit.name))
    return unit


async def update_unit(ctx: Any, unit: Unit, patch: UnitPatch) -> Unit:
    """Rename or move a department with all below it; emits unit.changed."""
    await ctx.require(MANAGE)
    if patch.name is not UNSET:
        unit.name = patch.name
    if patch.parent_id is not UNSET and patch.parent_id != unit.parent_id:
        await _move(ctx, unit, patch.parent_id)
    await ctx.session.flush()
    ctx.emit(UnitChanged(subject_id=unit.id, label=unit.name))
    return unit


async def delete_unit(ctx: Any, unit: Unit) -> None:
    """Remove an empty department; raises Conflict while people or departments are in it."""
    await ctx.require(MANAGE)
    below = select(Unit.id).where(Unit.parent_id == unit.id).limit(1)
    people = select(Member.id).where(Member.unit_id == unit.id).limit(1)
    if await ctx.session.scalar(below) or await ctx.session.scalar(people):
        raise Conflict(code="unit.not_empty", detail=N_("There are still people or departments in it."))
    await ctx.session.delete(unit)
    ctx.emit(UnitChanged(subject_id=unit.id, label=unit.name))


async def _move(ctx: Any, unit: Unit, parent_id: UUID | None) -> None:
    above, old = await _path(ctx, parent_id), unit.path
    if above.startswith(old):
        raise Invalid.field("parent_id", "cycle", N_("A department cannot be below itself."))
    unit.parent_id, unit.path = parent_id, f"{above}{unit.id}/"
    # The department itself is written by the session; those below follow by their common beginning.
    await ctx.session.execute(
        update(Unit)
        .where(func.starts_with(Unit.path, old), Unit.id != unit.id)
        .values(path=func.concat(unit.path, func.substr(Unit.path, len(old) + 1)))
        .execution_options(synchronize_session=False)
    )


async def _path(ctx: Any, parent_id: UUID | None) -> str:
    if parent_id is None:
        return "/"
    parent = await ctx.session.get(Unit, parent_id)
    if parent is None:
        raise Invalid.field("parent_id", "reference", N_("There is no such department."))
    return str(parent.path)
