"""The language of the index: which terms a record gets, and the question that finds them. Pure.

Beside the terms of `core.kernel.text`, marked ones: `=` a whole name without spaces, `^` its beginning, `#` the
type of the record, `@` its type and owner. So rank and reach are answered by the index itself, and nothing is read
that is not shown.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from core.access.decide import Who
from core.access.grants import reach_of
from core.ext.specs import RecordType, SearchDoc
from core.kernel.text import (
    bare,
    fold,
    grams,
    initials,
    phone_terms,
    pinyin,
    query_terms,
    search_vector_terms,
    strip_company,
)
from core.kernel.words import read_lines

BEGINNING: Final = 6
"""Beginnings of up to so many letters are terms; longer ones are few enough to be looked up by prefix."""
BEGINNING_CJK: Final = 3
BEGINNING_CODE: Final = 3
"""Of numbers and addresses, which have so many beginnings in common, only those that are asked for as such."""
QUERY_MAX: Final = 200
PREFIX_MIN: Final = 3
DIGITS_MIN: Final = 4
KEY_MAX: Final = 100
PARTS_MAX: Final = 16
NOBODY: Final = "0"
_ONLY_INITIALS: Final = re.compile("[b-df-hj-np-tv-z][b-df-gj-np-tv-z]")
"""Two letters that no syllable of pinyin begins with: few terms do, so their beginnings can be looked up."""


class Asked(NamedTuple):
    """A query as three questions to the index, from narrow to wide, and what must stand in the names."""

    exact: str
    prefix: str
    contains: str
    patterns: Sequence[str]


def of_document(doc: SearchDoc, record_type: str, owner_id: UUID | None) -> list[str]:
    """List all terms of a record, in no order; a term costs more to store than all else of a record together."""
    names = doc.names or (doc.title,)
    found = {f"#{record_type}", owner_term(record_type, owner_id)}
    found.update(
        search_vector_terms(*names, person=doc.person),
        search_vector_terms(*doc.numbers, *doc.emails),
        phone_terms(*doc.phones),
    )
    for key in set(_keys(names, doc.person)):
        found.add(f"={key[:KEY_MAX]}")
        found.update(_beginnings(key[:BEGINNING]))
    for key in filter(None, map(bare, (*doc.numbers, *doc.emails))):
        found.add(f"={key[:KEY_MAX]}")
        found.update(_beginnings(key[:BEGINNING_CODE]))
    return list(found)


def folded(doc: SearchDoc) -> str:
    """Return the names as they are compared, one a line."""
    return "\n".join(fold(name) for name in doc.names or (doc.title,))


def owner_term(record_type: str, owner_id: UUID | None) -> str:
    """Return the term of an owner's records of a type; nobody's have one too."""
    return f"@{record_type}.{owner_id.hex if owner_id else NOBODY}"


def _keys(names: Iterable[str], is_person: bool) -> Iterator[str]:
    """Yield what may be typed for the whole of a name: the name in every spelling, its words."""
    for name in names:
        found = [bare(name), pinyin(name, is_person), initials(name, is_person)]
        if not is_person:
            found.append(bare(strip_company(name)))
        found += map(bare, name.split())
        yield from filter(None, found)


@lru_cache(maxsize=8192)
def _beginnings(start: str) -> tuple[str, ...]:
    most = BEGINNING if start[0].isascii() else BEGINNING_CJK
    return tuple(f"^{start[:length]}" for length in range(1, min(len(start), most) + 1))


def asked(query: str) -> Asked | None:
    """Read a query, its first 200 characters; None where it holds nothing that could be found."""
    query = query[:QUERY_MAX]
    key = bare(query)[:KEY_MAX]
    parts = list(_parts(query))
    if not parts or not key:
        return None
    is_short = len(key) <= (BEGINNING if key[0].isascii() else BEGINNING_CJK)
    return Asked(
        exact=f"'={key}'",
        prefix=f"'^{key}'" if is_short else f"'={key}':*",
        contains=_several(query) or " & ".join(parts[:PARTS_MAX]),
        patterns=[f"%{run}%" for run in fold(query).split() if len(run) > 2 and _is_cjk(run)],
    )


def _several(query: str) -> str:
    """Ask for several words in Latin letters: syllables that follow each other, or beginnings of the name's words."""
    words = fold(query).split()[:PARTS_MAX]
    if len(words) < 2 or not all(word.isascii() and word.isalpha() for word in words):
        return ""
    begun = (f"'^{word}'" if len(word) <= BEGINNING else f"'{word[:KEY_MAX]}':*" for word in words)
    return f"('{''.join(words)[:KEY_MAX]}':* | ({' & '.join(begun)}))"


def _parts(query: str) -> Iterator[str]:
    """Yield what must all be found; of a run of characters only enough to look again at little."""
    pieces = query_terms(query)
    if len(pieces) == 1 and pieces[0].isdigit():
        yield _piece(pieces[0])
        return
    for word in fold(query).split():
        key = bare(word)
        if _is_cjk(word) and len(word) > 2:
            yield from (_piece(pair) for pair in _telling(word))
        elif key and _is_address(word):
            yield f"'={key[:KEY_MAX]}':*"
        elif key and key != word and any(letter.isdigit() for letter in key):
            yield f"'{key[:KEY_MAX]}':*"
        else:
            yield from map(_piece, query_terms(word))


def _telling(run: str) -> list[str]:
    """Choose the pairs that tell the most: those that cover a run once, without the legal form if more is left."""
    pairs = [run[start : start + 2] for start in range(0, len(run) - 1, 2)] + [run[-2:]]
    chosen = list(dict.fromkeys(pairs))
    return [pair for pair in chosen if pair not in _usual()] or chosen[:1]


@cache
def _usual() -> frozenset[str]:
    """The pairs that half of all companies' names have."""
    return frozenset(pair for form in read_lines("legal_forms") for pair in grams(form) if len(pair) == 2)


def _is_address(word: str) -> bool:
    return "@" in word[1:]


def _piece(piece: str) -> str:
    if _is_cjk(piece):
        return f"'{piece}'"
    least = DIGITS_MIN if piece.isdigit() else PREFIX_MIN
    if len(piece) < least and not _ONLY_INITIALS.fullmatch(piece):
        return f"('{piece}' | '^{piece}')"
    return f"'{piece}':*"


def _is_cjk(text: str) -> bool:
    """Tell whether a text is of characters alone, that the index cuts into pairs."""
    return text.isalpha() and all(letter > "\u2fff" for letter in text)


def scope(actor: Who, types: Mapping[str, RecordType]) -> tuple[list[str], str]:
    """Return the types that an actor may find, and the question that keeps to what he reaches, '' for all."""
    parts: dict[str, str] = {}
    for key, type_ in types.items():
        reach = "all" if actor.kind == "system" else reach_of(actor.grants, f"{type_.permission}.view")
        if reach == "none":
            continue
        is_open = reach == "all" or not hasattr(type_.model, "owner_id")
        parts[key] = f"'#{key}'" if is_open else _owners(actor, key, is_team=reach == "team")
    is_all = all("@" not in part for part in parts.values())
    return list(parts), "" if is_all else " | ".join(parts.values())


def _owners(actor: Who, key: str, *, is_team: bool) -> str:
    owners: set[UUID | None] = {actor.member_id} if actor.member_id else set()
    if is_team:
        owners |= {*actor.team_ids, None}
    terms = [owner_term(key, owner) for owner in sorted(owners, key=str)] or ["@"]
    return " | ".join(f"'{term}'" for term in terms)
