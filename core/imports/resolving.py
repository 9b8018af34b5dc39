"""Finds what rows point at: members by name or e-mail, records by name, number or id; a statement per kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Text, any_, bindparam, func, or_, select

from core.access.models import Member
from core.ext.specs import RecordType
from core.imports.fields import MEMBER, model_of
from core.imports.values import Draft, Reader, is_id
from core.kernel.errors import FieldError
from core.kernel.i18n import N_
from core.kernel.text import strip_company
from core.kernel.validate import fields
from core.tenancy.ctx import Ctx

NO_MEMBER = N_("There is no active member called {text}.")
NOTHING = N_("There is no {text} here.")
SEVERAL = N_("There are several called {text}; use the number or the id.")

Found = Mapping[str, UUID | FieldError]


@dataclass(frozen=True, slots=True)
class _Candidate:
    id: UUID
    keys: tuple[str, ...]


async def resolve(ctx: Ctx, reader: Reader, drafts: Sequence[Draft]) -> dict[str, list[str]]:
    """Find the ids of what the rows point at; put errors where there is nothing.

    Gives what is missing, by record type, so that it can be made.
    """
    wanted: dict[str, dict[str, None]] = defaultdict(dict)
    refs = {way.target.name: way.target.ref for way in reader.ways if way.target.ref}
    for draft in drafts:
        for name, text in draft.refs.items():
            wanted[refs[name]].setdefault(text)
    found = {ref: await _find(ctx, ref, list(texts)) for ref, texts in wanted.items()}
    missing: dict[str, list[str]] = {}
    for ref, answers in found.items():
        if can_make(ctx, ref):
            missing[ref] = [text for text, hit in answers.items() if _is_missing(hit)]
    for draft in drafts:
        _apply(draft, refs, found)
    return {ref: texts for ref, texts in missing.items() if texts}


def _is_missing(hit: UUID | FieldError) -> bool:
    return isinstance(hit, FieldError) and hit.code == "reference"


def _apply(draft: Draft, refs: Mapping[str, str], found: Mapping[str, Found]) -> None:
    for name, text in draft.refs.items():
        hit = found[refs[name]][text]
        if isinstance(hit, UUID):
            draft.found[name] = hit
        else:
            draft.errors.append(msgspec.structs.replace(hit, path=name))


def can_make(ctx: Ctx, ref: str) -> bool:
    """Whether the actor may make a record of a type that needs nothing but its name."""
    type_: RecordType | None = ctx.machinery.registry.records.get(ref)
    if type_ is None or not type_.importable or not ctx.can(f"{type_.permission}.create"):
        return False
    return all(meta.name == type_.label.key for meta in fields(type_.create) if meta.required)


async def _find(ctx: Ctx, ref: str, texts: Sequence[str]) -> Found:
    type_: RecordType | None = ctx.machinery.registry.records.get(ref)
    if ref == MEMBER:
        candidates, message = await _members(ctx, texts), NO_MEMBER
    elif type_ is not None:
        candidates, message = await _records(ctx, type_, texts), NOTHING
    else:
        candidates, message = await _named(ctx, ref, texts), NOTHING
    by_key: dict[str, set[UUID]] = defaultdict(set)
    for candidate in candidates:
        for key in candidate.keys:
            by_key[key].add(candidate.id)
    return {text: _choose(text, by_key, message) for text in texts}


def _choose(text: str, by_key: Mapping[str, set[UUID]], message: str) -> UUID | FieldError:
    """The surest key that fits decides: id, exact text, then the name without its legal form."""
    for key in (f"id:{is_id(text)}", f"={text}", f"~{text.casefold()}", f"-{strip_company(text)}"):
        hits = by_key.get(key, set())
        if len(hits) == 1:
            return next(iter(hits))
        if hits:
            return FieldError("", "ambiguous", SEVERAL, {"text": text})
    return FieldError("", "reference", message, {"text": text})


def _array(values: Iterable[str]) -> Any:
    return any_(bindparam(None, sorted(set(values)), type_=ARRAY(Text()), unique=True))


async def _members(ctx: Ctx, texts: Sequence[str]) -> list[_Candidate]:
    folded = _array(text.casefold() for text in texts)
    statement = select(Member.id, Member.name, Member.email).where(
        Member.active, or_(func.lower(Member.name) == folded, func.lower(Member.email) == folded)
    )
    rows = await ctx.session.execute(statement)
    return [_Candidate(row.id, (f"~{row.name.casefold()}", f"~{row.email.casefold()}")) for row in rows]


async def _records(ctx: Ctx, type_: RecordType, texts: Sequence[str]) -> list[_Candidate]:
    model = type_.model
    ids = [found for text in texts if (found := is_id(text))]
    asked = [model.id.in_(ids)] if ids else []
    columns = {name: getattr(model, name) for name in ("number", "external_id") if hasattr(model, name)}
    columns["label"] = type_.label
    asked += [column == _array(texts) for column in columns.values()]
    if not type_.pages:
        # Few rows without an index on their names: however they are written, alone or as fields offer them.
        shown = {"option": type_.option} if type_.option is not None else {}
        folded = _array(text.casefold() for text in texts)
        columns |= shown
        asked += [func.lower(column) == folded for column in (type_.label, *shown.values())]
    if hasattr(model, "name_key"):
        columns["name_key"] = model.name_key
        asked.append(model.name_key == _array(filter(None, map(strip_company, texts))))
    statement = select(model.id, *(column.label(name) for name, column in columns.items()))
    seen = ctx.visible(model, f"{type_.permission}.view")
    rows = await ctx.session.execute(statement.where(or_(*asked), seen))
    return [_Candidate(row.id, tuple(_keys(row._mapping))) for row in rows]


def _keys(row: Any) -> Iterable[str]:
    yield f"id:{row['id']}"
    for name in ("number", "external_id", "label"):
        if row.get(name):
            yield f"={row[name]}"
    for name in ("label", "option"):
        if row.get(name):
            yield f"~{row[name].casefold()}"
    if row.get("name_key"):
        yield f"-{row['name_key']}"


async def _named(ctx: Ctx, ref: str, texts: Sequence[str]) -> list[_Candidate]:
    """Rows of a table that is no record type, by their name: classes, stages, reasons."""
    model: Any = model_of(ref)
    folded = _array(text.casefold() for text in texts)
    statement = select(model.id, model.name).where(func.lower(model.name) == folded)
    if hasattr(model, "archived_at"):
        statement = statement.where(model.archived_at.is_(None))
    return [_Candidate(row.id, (f"~{row.name.casefold()}",)) for row in await ctx.session.execute(statement)]
