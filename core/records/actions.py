"""Actions on selected records: the declared ones, and three that every type with the means has."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from core.ext.faults import alone, failed
from core.ext.specs import Action, Column, RecordType
from core.kernel.errors import AppError, NotFound
from core.kernel.i18n import N_
from core.kernel.types import Tag
from core.kernel.validate import fields
from core.records.forms import field_of
from core.records.shown import TONES, place

FEW = 200
"""As many records are acted on within a request; more become a job."""
ACTION_S = 10.0
"""An action that has not ended with one record by then is not tried with the others."""


class Assign(msgspec.Struct, kw_only=True):
    """To whom."""

    owner_id: Annotated[UUID, Meta(title=N_("Owner"), extra={"kind": "member"})]


class AddTag(msgspec.Struct, kw_only=True):
    """Which tag."""

    tag: Annotated[Tag, Meta(title=N_("Tag"))]


def of(ctx: Any, type_: RecordType, *, deleted: bool = False) -> list[Action]:
    """Return the actions on records of `type_`, or on those in its bin, that the actor may use."""
    if deleted:
        verb = type_.verbs.restore if ctx.can(f"{type_.permission}.delete") else None
        if verb is None:
            return []
        return [_each(type_, verb, key="restore", title=N_("Restore"), icon="archive-restore")]
    declared = ctx.machinery.registry.serve(Action, ctx)
    own = [action for action in declared if action.record_type == type_.key]
    return [*built_in(ctx, type_), *own]


def find(ctx: Any, type_: RecordType, key: str, *, deleted: bool = False) -> Action:
    """Return one action that the actor may use; another raises NotFound."""
    for action in of(ctx, type_, deleted=deleted):
        if action.key == key:
            return action
    raise NotFound


def built_in(ctx: Any, type_: RecordType) -> list[Action]:
    """Return assigning, tagging and deleting, as far as the type has the means and the actor the right."""
    found = []
    if ctx.can(f"{type_.permission}.edit"):
        owner, tags = _patched(type_, "member", type_.owner), _patched(type_, "tags")
        if owner is not None:
            found.append(_assign(type_, field_of(owner)))
        if tags is not None:
            found.append(_add_tag(type_, tags))
    if ctx.can(f"{type_.permission}.delete"):
        found.append(_delete(type_))
    return found


async def act(ctx: Any, type_: RecordType, action: Action, records: Sequence[Any], params: Any) -> int:
    """Run an action on records that the actor may use it on; returns how many that were.

    Each record stands alone: one whose verb refuses or fails stays as it was and is not counted.
    """
    done = 0
    for record in records:
        if not await ctx.can_on(action.permission or f"{type_.permission}.edit", record):
            continue
        try:
            async with alone(ctx, ACTION_S):
                await action.run(ctx, [record], params)
                await ctx.session.flush()
        except AppError:
            continue
        except Exception as error:
            failed(ctx, action, error)
            if isinstance(error, TimeoutError):
                break
            continue
        done += 1
    return done


def bulk_view(ctx: Any, type_: RecordType, action: Action, question: str) -> dict[str, Any]:
    """Return an action as the table's bar of selected records shows it."""
    address = place(ctx, type_, f"/bulk/{action.key}")
    view = {
        "title": ctx.t(action.title),
        "icon": action.icon,
        "tone": TONES[action.tone],
        "action": f"{address}?{question}" if question else address,
    }
    if action.params is not None:
        return {
            **view,
            "dialog": f"bulk-{action.key}",
            "fields": [f._asdict() for f in fields(action.params)],
        }
    confirm = ctx.t("Do this with the selected records?") if action.tone == "danger" else None
    return {**view, "url": view["action"], "confirm": confirm}


def _patched(type_: RecordType, kind: str, attribute: Any = None) -> Column | None:
    """Return the column of a kind that the type's patch can change."""
    for column in type_.columns:
        is_it = column.kind == kind and (attribute is None or column.attribute is attribute)
        if is_it and field_of(column) in type_.patch.__struct_fields__:
            return column
    return None


def _assign(type_: RecordType, field: str) -> Action:
    async def assign(ctx: Any, records: Sequence[Any], params: Assign) -> None:
        for record in records:
            await type_.verbs.update(ctx, record, type_.patch(**{field: params.owner_id}))

    return Action(
        key="assign",
        title=N_("Change owner"),
        icon="user-check",
        record_type=type_.key,
        run=assign,
        params=Assign,
        permission=f"{type_.permission}.edit",
    )


def _add_tag(type_: RecordType, column: Column) -> Action:
    async def add_tag(ctx: Any, records: Sequence[Any], params: AddTag) -> None:
        for record in records:
            tags = list(getattr(record, column.attribute.key) or ())
            if params.tag not in tags:
                patch = type_.patch(**{field_of(column): [*tags, params.tag]})
                await type_.verbs.update(ctx, record, patch)

    return Action(
        key="tag",
        title=N_("Add tag"),
        icon="tag",
        record_type=type_.key,
        run=add_tag,
        params=AddTag,
        permission=f"{type_.permission}.edit",
    )


def _delete(type_: RecordType) -> Action:
    action = _each(type_, type_.verbs.delete, key="delete", title=N_("Delete"), icon="trash-2")
    return msgspec.structs.replace(action, tone="danger")


def _each(
    type_: RecordType, verb: Callable[[Any, Any], Awaitable[None]], *, key: str, title: str, icon: str
) -> Action:
    """A verb without parameters, on each record, for those who may delete it."""

    async def run(ctx: Any, records: Sequence[Any], _params: Any) -> None:
        for record in records:
            await verb(ctx, record)

    permission = f"{type_.permission}.delete"
    return Action(key=key, title=title, icon=icon, record_type=type_.key, run=run, permission=permission)
