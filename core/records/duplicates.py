"""Finds what exists already of records about to be written, also where the actor may not see it.

Of a record that he may not see, he learns that it exists and whom to ask, nothing else.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, select

from core.access.models import Member
from core.ext.specs import Duplicate, RecordType
from core.kernel.errors import Conflict, FieldError
from core.kernel.i18n import N_
from core.records.shown import place

MOST: Final = 20
"""As many are told of one record; that there are more changes nothing."""
MOST_AT_ONCE: Final = 5_000

Keys = frozenset[tuple[str, ...]]
"""What a record can be recognised by: tuples of a field's name and its comparable value."""


class DuplicateList(msgspec.Struct, frozen=True):
    """What may be the same."""

    data: list[Duplicate]


async def find(
    ctx: Any,
    type_: RecordType,
    rows: Sequence[Any],
    *,
    keys: Callable[[Any], Keys],
    condition: Callable[[Keys], ColumnElement[bool]],
) -> list[list[Duplicate]]:
    """Find, for each of several new records, the stored ones with a key in common: one statement for all.

    ``keys`` reads new and stored records alike; ``condition`` selects at least all that have one of the keys.
    """
    wanted = [keys(row) for row in rows]
    every = frozenset().union(*wanted)
    if not every:
        return [[] for _ in rows]
    model = type_.model
    seen = ctx.visible(model, f"{type_.permission}.view").label("is_seen")
    statement = (
        select(model, seen, Member.name)
        .outerjoin(Member, Member.id == type_.owner)
        .where(condition(every))
        .order_by(model.created_at, model.id)
        .limit(min(MOST * len(rows), MOST_AT_ONCE))
    )
    stored = [(keys(record), record, *rest) for record, *rest in await ctx.session.execute(statement)]
    return [_likely(type_, own, stored) for own in wanted]


def _likely(type_: RecordType, own: Keys, stored: Sequence[tuple[Any, ...]]) -> list[Duplicate]:
    """Return what has keys in common with a row, the most in common first."""
    found = []
    for keys, record, is_seen, owner in stored:
        common = sorted({key[0] for key in own & keys})
        if common:
            label = getattr(record, type_.label.key) if is_seen else None
            known = record.id if is_seen else None
            found.append(Duplicate(id=known, label=label, owner=owner, matches=tuple(common)))
    return sorted(found, key=lambda one: -len(one.matches))[:MOST]


async def of(ctx: Any, type_: RecordType, data: Any) -> Sequence[Duplicate]:
    """Return what exists already of one record about to be written."""
    return (await of_each(ctx, type_, [data]))[0]


async def of_each(ctx: Any, type_: RecordType, rows: Sequence[Any]) -> Sequence[Sequence[Duplicate]]:
    """Return what exists already of each of several records about to be written."""
    return await type_.duplicates(ctx, rows) if type_.duplicates is not None else [()] * len(rows)


def refusal(ctx: Any, type_: RecordType, found: Sequence[Duplicate]) -> Conflict:
    """Make the error that tells a program what exists already."""
    errors = []
    for one in found:
        text = N_("{record} has the same value. It belongs to {owner}.")
        params = {"record": one.label or ctx.t(N_("A record")), "owner": one.owner or ctx.t(N_("nobody"))}
        errors += [FieldError(name, "duplicate", text, params) for name in one.matches]
    error = Conflict(code="duplicate", detail=N_("This exists already."), errors=errors)
    error.members = {"duplicates": [msgspec.to_builtins(one) for one in found]}
    return error


def views(ctx: Any, type_: RecordType, found: Sequence[Duplicate]) -> list[dict[str, Any]]:
    """Return what exists already as the form shows it."""
    titles = {column.key: ctx.t(column.title) for column in type_.columns}
    return [
        {
            "label": one.label,
            "url": place(ctx, type_, f"/{one.id}") if one.id else "",
            "owner": one.owner,
            "matches": [titles.get(name, name) for name in one.matches],
        }
        for one in found
    ]
