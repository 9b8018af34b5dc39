"""What tables hold about people, declared table by table: every row is exported, and blanked but for what is kept.

Owns nothing. Never decides who a person is: that is `core.privacy`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import msgspec
from sqlalchemy import JSON, ColumnElement, Text, Uuid, delete, false, func, null, or_, select, tuple_, update

from core.ext.specs import Person, PersonalData
from core.kernel.db import Entity, Ref, Row
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx

ALL: Final = {"include_deleted": True}

ERASED: Final = N_("Erased person")
MOST: Final = 10_000
AT: Final = "*"
"""Says of a table that its rows lie at records of any type: columns ``record_type`` and ``record_id``."""
TECHNICAL: Final = frozenset({"id", "created_at", "updated_at", "version", "deleted_at", "restricted_at"})
HIDDEN: Final = frozenset({"updated_at", "version", "name_key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table with rows about people; ``whose`` pairs a record type with the column that points at it.

    Erased rows keep what ``keep`` names, ids and what may not be empty; ``shown`` are texts that then say that
    somebody was erased. ``key`` is their record type where a row is a record about this person alone. ``is_binned``
    moves them to the bin as well, ``is_removed`` removes them.
    """

    model: Any
    whose: tuple[tuple[str, str], ...]
    key: str = ""
    keep: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    is_binned: bool = False
    is_removed: bool = False
    is_told: bool = True

    def where(self, person: Person) -> ColumnElement[bool]:
        """The condition for the person's rows."""
        ways: list[ColumnElement[bool]] = []
        for kind, name in self.whose:
            column = getattr(self.model, name)
            if kind == AT:
                ways.append(tuple_(self.model.record_type, column).in_(list(everything(person))))
            elif ids := person.own(kind):
                ways.append(column.in_(ids))
        return or_(false(), *ways)

    async def export(self, ctx: Ctx, person: Person) -> Sequence[Mapping[str, Any]]:
        """Give the person's rows, deleted ones too."""
        if not self.is_told:
            return []
        found = select(*self.model.__table__.columns).where(self.where(person)).limit(MOST)
        return [plain(row) for row in (await ctx.session.execute(found, execution_options=ALL)).mappings()]

    async def erase(self, ctx: Ctx, person: Person) -> Sequence[str]:
        """Blank or remove the person's rows; gives the digests of the files that they named."""
        where, columns = self.where(person), self.model.__table__.columns
        digests: list[str] = []
        if "sha256" in columns:
            digests = list(await ctx.session.scalars(select(columns.sha256).where(where)))
        change: Any = delete(self.model) if self.is_removed else update(self.model).values(self._blank(ctx))
        await ctx.session.execute(change.where(where).execution_options(synchronize_session=False))
        return digests

    async def records(self, ctx: Ctx, person: Person) -> Sequence[tuple[str, UUID]]:
        """Name the rows as records."""
        named = select(self.model.__table__.c.id).where(self.where(person))
        found = await ctx.session.scalars(named, execution_options=ALL)
        return [(self.key, record_id) for record_id in found]

    def declared(self, key: str, title: str) -> PersonalData:
        """The declaration of these rows."""
        records = self.records if self.key else None
        return PersonalData(key=key, title=title, export=self.export, erase=self.erase, records=records)

    def _blank(self, ctx: Ctx) -> dict[str, Any]:
        model = self.model
        values = {
            column.name: _nothing(column)
            for column in model.__table__.columns
            if column.name not in TECHNICAL | self.keep and _is_content(column)
        }
        values |= dict.fromkeys(self.shown, erased(ctx))
        if issubclass(model, Row):
            values |= {"version": model.version + 1, "updated_at": ctx.now()}
        if self.is_binned and issubclass(model, Entity):
            values["deleted_at"] = func.coalesce(model.deleted_at, ctx.now())
        return values


def everything(person: Person) -> dict[tuple[str, UUID], None]:
    """All records that are about the person alone, the one asked about among them."""
    return dict.fromkeys(((person.record_type, person.record_id), *person.records))


def erased(ctx: Ctx) -> str:
    """What stands where a name stood."""
    return ctx.machinery.translator(ctx.tenant.locale).gettext(ERASED)


def plain(row: Any) -> dict[str, Any]:
    """A row as values of JSON, without what is empty and what only the product needs."""
    kept = {name: value for name, value in row.items() if name not in HIDDEN and value not in (None, "", [])}
    return {name: msgspec.to_builtins(value) for name, value in kept.items()}


def without(words: Sequence[str], text: str | None) -> str | None:
    """A text without what a person is called, however it is capitalised."""
    if not text or not words:
        return text
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.sub(pattern, "…", text, flags=re.IGNORECASE)


def without_conditions(words: Sequence[str], query: str) -> str:
    """The query part of a list's address without conditions that name a person."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(key, value) for key, value in pairs if without(words, value) == value])


def _is_content(column: Any) -> bool:
    if isinstance(column.type, Ref | Uuid):
        return False
    return column.nullable or isinstance(column.type, Text | JSON)


def _nothing(column: Any) -> Any:
    if column.nullable:
        return null()
    if isinstance(column.type, JSON):
        return column.default.arg(None)
    return ""
