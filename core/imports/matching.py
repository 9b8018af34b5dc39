"""Finds the records that rows are about already: by external id, number, phone, e-mail or name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, bindparam, func, literal, select, union_all
from sqlalchemy import column as sqlalchemy_column

from core.ext.specs import RecordType
from core.imports.fields import NUMBER
from core.imports.values import Draft
from core.kernel.text import strip_company
from core.tenancy.ctx import Ctx

Key = tuple[str, str]
PHONES = ("mobile", "phone")


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that has a key; ``is_seen`` whether the actor may see it."""

    id: UUID
    is_seen: bool


def keys(type_: RecordType, match: Sequence[str], draft: Draft) -> list[Key]:
    """What a valid row can be recognised by, the surest first."""
    found: list[Key] = []
    for how in match:
        if how == NUMBER:
            found += [(how, draft.number)] if draft.number else []
        elif how == "phone":
            numbers = (getattr(draft.data, name, None) for name in PHONES)
            found += [(how, number) for number in numbers if isinstance(number, str)]
        elif isinstance(value := getattr(draft.data, how, None), str) and value:
            found.append((how, _name(type_, value) if how == type_.label.key else value))
    return found


def _name(type_: RecordType, name: str) -> str:
    return strip_company(name) or name if hasattr(type_.model, "name_key") else name


async def find(ctx: Ctx, type_: RecordType, wanted: Iterable[Key]) -> dict[Key, list[Hit]]:
    """Read which records have any of these keys, in one statement; those of others too."""
    values: dict[str, set[str]] = {}
    for how, value in wanted:
        values.setdefault(how, set()).add(value)
    model = type_.model
    seen = ctx.visible(model, f"{type_.permission}.view").label("is_seen")
    alive = model.deleted_at.is_(None)
    parts = [
        _part(how, column, some).add_columns(model.id, seen).where(alive)
        for how, some in values.items()
        for column in _columns(type_, how)
    ]
    found: dict[Key, list[Hit]] = {}
    if not parts:
        return found
    for row in await ctx.session.execute(union_all(*parts) if len(parts) > 1 else parts[0]):
        hits = found.setdefault((row.how, row.value), [])
        if all(hit.id != row.id for hit in hits):
            hits.append(Hit(row.id, row.is_seen))
    return found


def _columns(type_: RecordType, how: str) -> list[Any]:
    model = type_.model
    if how == "phone":
        return [getattr(model, name) for name in PHONES if hasattr(model, name)]
    if how == type_.label.key:
        return [getattr(model, "name_key", type_.label)]
    return [getattr(model, how)]


def _part(how: str, column: Any, values: Iterable[str]) -> Select[Any]:
    array = bindparam(None, sorted(values), type_=ARRAY(Text()), unique=True)
    wanted = func.unnest(array).table_valued(sqlalchemy_column("value", Text())).render_derived()
    return select(literal(how).label("how"), column.label("value")).join(wanted, column == wanted.c.value)
