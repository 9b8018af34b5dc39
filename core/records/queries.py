"""Reads of saved views."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from core.kernel.errors import NotFound
from core.records.models import SavedView


async def views(ctx: Any, record_type: str = "") -> list[SavedView]:
    """List the views that the actor may use, his own and the shared, of one record type or of all."""
    statement = select(SavedView).where(_usable(ctx))
    if record_type:
        statement = statement.where(SavedView.record_type == record_type)
    statement = statement.order_by(SavedView.record_type, SavedView.position, SavedView.id)
    return list(await ctx.session.scalars(statement.limit(200)))


async def view(ctx: Any, view_id: UUID) -> SavedView:
    """Read one view that the actor may use; another raises NotFound."""
    found = await ctx.session.scalar(select(SavedView).where(SavedView.id == view_id, _usable(ctx)))
    if found is None:
        raise NotFound
    return found  # type: ignore[no-any-return]


def _usable(ctx: Any) -> ColumnElement[bool]:
    return or_(SavedView.shared, SavedView.owner_id == ctx.actor.member_id)
