"""What a file's columns can fill: the fields of a record type, and the guess which column means which. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from core.ext.specs import Choice, Column, RecordType
from core.imports.words import COMPANY, PERSON, WORDS
from core.kernel.db import Base
from core.kernel.i18n import LOCALES, N_, translator
from core.kernel.validate import fields
from core.records.forms import field_of

NUMBER = "number"
MEMBER = "member"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MOBILE = re.compile(r"(\+?86)?1[3-9]\d{9}")
_PHONE = re.compile(r"\+?[\d][\d ()-]{6,18}")
_URL = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A field that a column can fill; ``ref`` is what it points at, by name, number or id."""

    name: str
    title: str
    kind: str
    required: bool
    ref: str = ""
    choices: tuple[Choice, ...] = ()
    currency: str = ""


@cache
def targets(type_: RecordType) -> tuple[Target, ...]:
    """The fields of a record type that files can fill, and its number, which only finds records."""
    found = []
    for meta in fields(type_.create):
        column = next((c for c in type_.columns if field_of(c) == meta.name), None)
        ref = _ref(meta.kind, column)
        if meta.kind in {"list", "object"} or (meta.kind == "ref" and not _is_known(ref, type_)):
            continue
        choices = column.choices if column else ()
        if not choices:
            choices = tuple(Choice(str(value), label) for value, label in meta.choices)
        kind = column.kind if column is not None and column.kind in {"money", "percent"} else meta.kind
        currency = column.currency.key if column is not None and column.currency is not None else ""
        title = column.title if column is not None else meta.title
        found.append(Target(meta.name, title, kind, meta.required, ref, choices, currency))
    if hasattr(type_.model, NUMBER) and all(target.name != NUMBER for target in found):
        found.append(Target(NUMBER, N_("Number (to find the record)"), "text", False))
    return tuple(found)


def _ref(kind: str, column: Column | None) -> str:
    if kind == MEMBER or (column is not None and column.kind == "member"):
        return MEMBER
    return column.ref if column is not None else ""


def _is_known(ref: str, type_: RecordType) -> bool:
    return ref == MEMBER or model_of(ref) is not None


@cache
def model_of(ref: str) -> type[Base] | None:
    """The mapped class of a table."""
    for mapper in Base.registry.mappers:
        if getattr(mapper.class_, "__tablename__", "") == ref:
            return mapper.class_
    return None


def matches(type_: RecordType) -> tuple[str, ...]:
    """By what two records of a type can be found to be the same, the surest first."""
    model = type_.model
    found = [name for name in ("external_id", NUMBER) if hasattr(model, name)]
    if hasattr(model, "phone") or hasattr(model, "mobile"):
        found.append("phone")
    if hasattr(model, "email"):
        found.append("email")
    return (*found, type_.label.key)


def folded(title: str) -> str:
    """A column's title without what people write differently each time."""
    bare = unicodedata.normalize("NFKC", title).casefold()
    bare = re.sub(r"[(\[（【].*?[)\]）】]", "", bare)
    return re.sub(r"[\W_]+", "", bare)


@cache
def _dictionary(type_: RecordType) -> Mapping[str, str]:
    """Folded title -> field, where the first to claim a word has it."""
    known = {target.name: target for target in targets(type_)}
    found: dict[str, str] = {}

    def claim(words: Iterable[str], name: str) -> None:
        for word in words:
            found.setdefault(folded(word), name)

    label = type_.label.key
    for name, target in known.items():
        claim([name, name.removesuffix("_id").removesuffix("_on"), *in_every_language(target.title)], name)
    company = next((name for name in ("customer_id", "company") if name in known), label)
    claim(COMPANY.split(), company)
    claim(PERSON.split(), "contact_id" if "contact_id" in known else label)
    for name, words in WORDS.items():
        if name in known:
            claim(words.split(), name)
    return {word: name for word, name in found.items() if word}


def in_every_language(message: str) -> list[str]:
    """A message in every language of the product."""
    return [translator(locale).gettext(message) for locale in LOCALES]


def guess(type_: RecordType, titles: Sequence[str], sample: Sequence[Sequence[str]]) -> list[str]:
    """Guess which field each column fills, '' for none: by its title, else by what its values look like."""
    known = {target.name for target in targets(type_)}
    words = _dictionary(type_)
    mapping: list[str] = []
    for title in titles:
        name = words.get(folded(title), "")
        mapping.append(name if name not in mapping else "")
    for place, name in enumerate(mapping):
        if name:
            continue
        values = [row[place].strip() for row in sample if place < len(row) and row[place].strip()]
        likely = _by_values(values)
        if likely in known and likely not in mapping:
            mapping[place] = likely
    label = type_.label.key
    if label in known and label not in mapping and "" in mapping and not any(folded(t) for t in titles):
        mapping[mapping.index("")] = label
    return mapping


def _by_values(values: Sequence[str]) -> str:
    if not values:
        return ""
    for name, pattern in (("email", _EMAIL), ("mobile", _MOBILE), ("website", _URL), ("phone", _PHONE)):
        hits = sum(pattern.fullmatch(value.replace(" ", "")) is not None for value in values)
        if hits >= 0.7 * len(values):
            return name
    return ""


def looks_like_header(type_: RecordType, first: Sequence[str]) -> bool:
    """Whether the first row holds titles: one is known, or none looks like a value."""
    words = _dictionary(type_)
    if any(folded(cell) in words for cell in first):
        return True
    return not any(_by_values([cell.strip()]) or cell.strip().isdigit() for cell in first if cell.strip())


def digest(titles: Sequence[str]) -> str:
    """What stands for a set of titles in the memory of mappings."""
    return hashlib.sha256("\x1f".join(folded(title) for title in titles).encode()).hexdigest()
