"""Verbs of saved views: the only writers."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import UNSET

from core.ext.specs import RecordType
from core.kernel.errors import Invalid
from core.kernel.i18n import N_
from core.records.events import SavedViewCreated, SavedViewDeleted, SavedViewUpdated
from core.records.lists import reading
from core.records.models import SavedView
from core.records.query import LOOKS, parse
from core.records.schema import SavedViewIn, SavedViewOut, SavedViewPatch

SHARE = "views.share"
EDIT = "views.edit"


async def create_view(ctx: Any, data: SavedViewIn) -> SavedView:
    """Save a view for the actor, or for everybody if he may share; emits saved_view.created."""
    await ctx.require(EDIT)
    if data.shared:
        await ctx.require(SHARE)
    type_ = record_type(ctx, data.record_type)
    view = SavedView(
        record_type=type_.key,
        name=data.name,
        query=normal(ctx, type_, data.query),
        owner_id=ctx.actor.member_id,
        shared=data.shared,
        position=data.position,
    )
    ctx.session.add(view)
    await ctx.session.flush()
    ctx.emit(SavedViewCreated(subject_id=view.id, label=view.name))
    return view


async def update_view(ctx: Any, view: SavedView, patch: SavedViewPatch) -> SavedView:
    """Change a view of one's own, or any shared one if one may share; emits saved_view.updated."""
    await _may_change(ctx, view)
    if patch.shared is True:
        await ctx.require(SHARE)
    changes: dict[str, tuple[Any, Any]] = {}
    for name, value in msgspec.structs.asdict(patch).items():
        if value is UNSET:
            continue
        if name == "query":
            value = normal(ctx, record_type(ctx, view.record_type), value)
        if value != getattr(view, name):
            changes[name] = (getattr(view, name), value)
            setattr(view, name, value)
    if changes:
        await ctx.session.flush()
        ctx.emit(SavedViewUpdated(subject_id=view.id, label=view.name, changes=changes))
    return view


async def delete_view(ctx: Any, view: SavedView) -> None:
    """Remove a view; emits saved_view.deleted."""
    await _may_change(ctx, view)
    await ctx.session.delete(view)
    ctx.emit(SavedViewDeleted(subject_id=view.id, label=view.name))


def record_type(ctx: Any, key: str) -> RecordType:
    """Return the record type of that key if the tenant has it and the actor may see it; else raises Invalid."""
    registry = ctx.machinery.registry
    type_ = registry.records.get(key)
    if type_ is None or not registry.serves(type_, ctx):
        raise Invalid.field("record_type", "unknown", N_("There is no such kind of record."))
    return type_  # type: ignore[no-any-return]


def normal(ctx: Any, type_: RecordType, query: str) -> str:
    """Return the query part of an address in its shortest form; raises like the list itself if it is wrong."""
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=100)
    return urlencode(parse(type_, [pair for pair in pairs if pair[0] not in LOOKS], reading(ctx)).pairs())


def to_out(view: SavedView) -> SavedViewOut:
    """Show a view to programs."""
    return SavedViewOut(**{name: getattr(view, name) for name in SavedViewOut.__struct_fields__})


async def _may_change(ctx: Any, view: SavedView) -> None:
    is_own = view.owner_id is not None and view.owner_id == ctx.actor.member_id
    await ctx.require(EDIT if is_own else SHARE)
