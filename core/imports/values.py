"""Turns the cells of a row into what a record type takes, or into everything that is wrong with the row. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale

from core.ext.specs import Choice, RecordType
from core.imports.fields import NUMBER, Target, folded, in_every_language, targets
from core.imports.reading import Line
from core.kernel import money
from core.kernel.cells import plain
from core.kernel.errors import AppError, BadRequest, FieldError, Invalid
from core.kernel.i18n import LOCALES, N_, babel_locale
from core.kernel.kinds import COUNTRIES
from core.kernel.validate import convert

FLAWS = {
    "quotes": N_("The quotation marks of this row do not match."),
    "encoding": N_("This row has characters that could not be read."),
    "json": N_("This line is no JSON object."),
    "cell": N_("A cell of this row is longer than 32,767 characters."),
}
NOT_YET = str(UUID(int=0))
"""Stands for what a row points at until that was looked up."""
TOO_MANY = N_("This row has more cells than there are columns.")


@dataclass(slots=True, eq=False)
class Draft:
    """A row on its way to a record: its texts by field, what it points at, what is wrong with it.

    ``found`` are the ids of what it points at, by field.
    """

    row_no: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    found: dict[str, UUID] = field(default_factory=dict)
    number: str = ""
    errors: list[FieldError] = field(default_factory=list)
    data: Any = None
    record: Any = None
    before: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How one column becomes one field."""

    place: int
    target: Target
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How the rows of one import are read."""

    type: RecordType
    ways: tuple[Way, ...]
    width: int
    region: str
    zone: ZoneInfo
    currency: str

    def read(self, lines: Sequence[Line]) -> list[Draft]:
        """Read rows as new records; what they point at is yet to be found."""
        drafts = [self.draft(line) for line in lines]
        for draft in drafts:
            self.new(draft)
        return drafts

    def draft(self, line: Line) -> Draft:
        """Take the cells of a row apart."""
        draft = Draft(line.number, line.cells)
        if line.flaw:
            draft.errors.append(FieldError("", f"row.{line.flaw}", FLAWS[line.flaw]))
            return draft
        if any(cell.strip() for cell in line.cells[self.width :]):
            draft.errors.append(FieldError("", "row.cells", TOO_MANY))
            return draft
        for way in self.ways:
            text = plain(line.cells[way.place].strip()) if way.place < len(line.cells) else ""
            if text:
                self._take(draft, way, text)
        self._sums(draft)
        return draft

    def _take(self, draft: Draft, way: Way, text: str) -> None:
        name = way.target.name
        if name == NUMBER and NUMBER not in self.type.create.__struct_fields__:
            draft.number = text
        elif way.target.ref:
            draft.refs[name] = text
        else:
            draft.values[name] = way.words.get(folded(text), text) if way.words else text

    def _sums(self, draft: Draft) -> None:
        """Sums are typed in major units of the row's currency."""
        for way in self.ways:
            raw = draft.values.get(way.target.name)
            if way.target.kind != "money" or raw is None:
                continue
            currency = str(draft.values.get(way.target.currency) or self.currency).upper()
            try:
                draft.values[way.target.name] = str(money.parse(raw, currency))
            except AppError as error:
                del draft.values[way.target.name]
                draft.errors += [
                    FieldError(way.target.name, e.code, e.message, e.params) for e in error.errors
                ]

    def new(self, draft: Draft) -> None:
        """Read the row as a new record, but for what it points at."""
        if not any(error.code.startswith("row.") for error in draft.errors):
            self._convert(draft, self.type.create, dict.fromkeys(draft.refs, NOT_YET))

    def change(self, draft: Draft) -> None:
        """Read the row as a change of a record: empty cells change nothing."""
        fixed = set(self.type.create.__struct_fields__) - set(self.type.patch.__struct_fields__)
        for name in fixed:
            draft.values.pop(name, None)
            draft.found.pop(name, None)
        self._convert(draft, self.type.patch, {})
        self.point(draft)

    def point(self, draft: Draft) -> None:
        """Put what was found into the record."""
        for name, found in draft.found.items():
            setattr(draft.data, name, found)

    def _convert(self, draft: Draft, struct: Any, more: Mapping[str, str]) -> None:
        values = {**draft.values, **more}
        try:
            draft.data = convert(struct, values, text=True, region=self.region, zone=self.zone)
        except (Invalid, BadRequest) as error:
            known = {e.path for e in draft.errors}
            draft.errors += [e for e in error.errors if e.path not in known]


def reader(
    type_: RecordType, mapping: Sequence[str], *, region: str, zone: ZoneInfo, currency: str
) -> Reader:
    """Prepare the reading of an import's rows."""
    known = {target.name: target for target in targets(type_)}
    ways = tuple(
        Way(place, known[name], _words(known[name])) for place, name in enumerate(mapping) if name in known
    )
    return Reader(type=type_, ways=ways, width=len(mapping), region=region, zone=zone, currency=currency)


def _words(target: Target) -> Mapping[str, str]:
    if target.kind == "country":
        return countries()
    return _choices(target.choices) if target.choices else {}


@cache
def _choices(choices: tuple[Choice, ...]) -> Mapping[str, str]:
    """What people write for a choice: its value, or its title in any language."""
    found = {folded(title): one.value for one in choices for title in in_every_language(one.label)}
    return {**found, **{folded(one.value): one.value for one in choices}}


@cache
def countries() -> Mapping[str, str]:
    """The names of countries in every language of the product."""
    found: dict[str, str] = {}
    for code in LOCALES:
        names: Locale = babel_locale(code)
        found |= {folded(name): key for key, name in names.territories.items() if key in COUNTRIES}
    return {**found, "usa": "US", "uk": "GB", "中国大陆": "CN"}


def say(error: FieldError) -> dict[str, Any]:
    """An error as it is kept; its message stays a message id until somebody reads it."""
    params = {
        key: value if isinstance(value, int | str) else str(value) for key, value in error.params.items()
    }
    return {"path": error.path, "code": error.code, "message": error.message, "params": params}


def is_id(text: str) -> UUID | None:
    """The id that a text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None
