"""Keeps the index: the one writer of search_document."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, cast, delete, exists, inspect, select, text

from core.ext.specs import Person, RecordType
from core.kernel.events import Event
from core.kernel.statements import Write, send
from core.kernel.texts import texts
from core.search import terms
from core.search.models import SearchDocument
from core.tenancy.ctx import Ctx

BATCH: Final = 1_000
PART: Final = 250
"""So many documents are prepared while the database takes as many before them."""
Key = tuple[str, UUID]
Place = tuple[str, str]
"""How far a rebuilding is: a record type and the last id of it."""

_STORE = """
INSERT INTO search_document (record_type, record_id, owner_id, title, subtitle, folded, terms, touched_at)
SELECT record_type, record_id, owner_id, title, subtitle, folded,
       array_to_tsvector(string_to_array(terms, ' ')), touched_at
FROM unnest(CAST(:doc_types AS text[]), CAST(CAST(:doc_ids AS text[]) AS uuid[]),
            CAST(CAST(:doc_owners AS text[]) AS uuid[]), CAST(:doc_titles AS text[]), CAST(:doc_subtitles AS text[]),
            CAST(:doc_folded AS text[]), CAST(:doc_terms AS text[]),
            CAST(CAST(:doc_touched AS text[]) AS timestamptz[]))
     AS d (record_type, record_id, owner_id, title, subtitle, folded, terms, touched_at)
ON CONFLICT (record_type, record_id) DO UPDATE
SET owner_id = excluded.owner_id, title = excluded.title, subtitle = excluded.subtitle,
    folded = excluded.folded, terms = excluded.terms, touched_at = excluded.touched_at
"""
_DELETE = text("""
DELETE FROM search_document d
USING unnest(CAST(:types AS text[]), CAST(CAST(:ids AS text[]) AS uuid[])) AS gone (record_type, record_id)
WHERE d.record_type = gone.record_type AND d.record_id = gone.record_id
""")


async def index(ctx: Ctx, events: Sequence[Event]) -> Write | None:
    """Write anew how the records of a transaction's events are found; what was deleted is found no more.

    A few documents are handed back, to be written with the events.
    """
    known: dict[str, RecordType] = ctx.machinery.registry.records
    touched = {
        (event.record_type(), event.subject_id): None
        for event in events
        if (type_ := known.get(event.record_type())) is not None and type_.search is not None
    }
    last: Write | None = None
    for some in _batches(list(touched)):
        await send(ctx.session, [last] if last else [])
        last = await write(ctx, some, await _records(ctx, some))
    return last


async def write(ctx: Ctx, keys: Sequence[Key], records: dict[Key, Any]) -> Write | None:
    """Write the documents of these keys: of those that exist by their records, of the others none.

    The last of them are given back, to be written with whatever else the caller has.
    """
    alive = {key: record for key in keys if (record := records.get(key)) and _is_found(record)}
    gone = [key for key in keys if key not in alive]
    if gone:
        await ctx.session.execute(
            _DELETE, {"types": [key[0] for key in gone], "ids": texts(key[1] for key in gone)}
        )
    return await _write(ctx, list(alive.items())) if alive else None


def _is_found(record: Any) -> bool:
    return record.deleted_at is None and getattr(record, "restricted_at", None) is None


async def _write(ctx: Ctx, alive: Sequence[tuple[Key, Any]]) -> Write:
    known: dict[str, RecordType] = ctx.machinery.registry.records
    columns = _columns(known, alive[:PART])
    for start in range(PART, len(alive), PART):
        # In a thread: making terms takes the processor about as long as the database takes to store them.
        following = asyncio.ensure_future(asyncio.to_thread(_columns, known, alive[start : start + PART]))
        await send(ctx.session, [_document(columns)])
        columns = await following
    return _document(columns)


def _document(columns: Mapping[str, Any]) -> Write:
    return Write((("search_rows", _STORE),), columns)


async def index_again(ctx: Ctx, person: Person, _is_restricted: bool) -> None:
    """Write anew how a person's records are found: not at all while they are restricted."""
    known: dict[str, RecordType] = ctx.machinery.registry.records
    keys = [key for key in person.records if key[0] in known and known[key[0]].search is not None]
    last = await write(ctx, keys, await _records(ctx, keys))
    await send(ctx.session, [last] if last else [])


async def rebuild_some(ctx: Ctx, place: Place) -> Place | None:
    """Write the documents of the next records behind a place anew; give the next place, None at the end.

    Begin at ``('', '')``. Where a type ends, documents of records that are no more are removed.
    """
    known: dict[str, RecordType] = ctx.machinery.registry.records
    kinds = sorted(key for key, type_ in known.items() if type_.search is not None)
    kind, after = place
    kind = kind or next(iter(kinds), "")
    if kind not in kinds:
        return None
    model = known[kind].model
    chosen = select(model).order_by(model.id).limit(BATCH)
    if after:
        chosen = chosen.where(model.id > UUID(after))
    records = {(kind, record.id): record for record in await ctx.session.scalars(chosen)}
    await send(ctx.session, [found] if (found := await write(ctx, list(records), records)) else [])
    if len(records) == BATCH:
        return kind, str(max(record_id for _, record_id in records))
    await _sweep(ctx, kind, model)
    following = kinds[kinds.index(kind) + 1 :]
    return (following[0], "") if following else None


async def _sweep(ctx: Ctx, kind: str, model: type[Any]) -> None:
    alive = exists().where(model.id == SearchDocument.record_id, model.deleted_at.is_(None))
    gone = delete(SearchDocument).where(SearchDocument.record_type == kind, ~alive)
    await ctx.session.execute(gone.execution_options(synchronize_session=False))


def _columns(known: Mapping[str, RecordType], records: Sequence[tuple[Key, Any]]) -> dict[str, Any]:
    owners = [getattr(record, "owner_id", None) for _, record in records]
    docs = [known[kind].search(record) for (kind, _), record in records]  # type: ignore[misc]
    kinds = [kind for (kind, _), _ in records]
    return {
        "doc_touched": texts(record.updated_at for _, record in records),
        "doc_types": kinds,
        "doc_ids": texts(record_id for (_, record_id), _ in records),
        "doc_owners": texts(owners),
        "doc_titles": [doc.title for doc in docs],
        "doc_subtitles": [doc.subtitle for doc in docs],
        "doc_folded": [terms.folded(doc) for doc in docs],
        "doc_terms": [
            " ".join(terms.of_document(doc, kind, owner))
            for doc, kind, owner in zip(docs, kinds, owners, strict=True)
        ],
    }


async def _records(ctx: Ctx, keys: Sequence[Key]) -> dict[Key, Any]:
    """Take the records that the transaction holds anyway, and read the others, one statement for each type."""
    known: dict[str, RecordType] = ctx.machinery.registry.records
    found: dict[Key, Any] = {}
    missing: dict[str, list[UUID]] = {}
    for key in keys:
        record = _held(ctx, known[key[0]].model, key[1])
        if record is None:
            missing.setdefault(key[0], []).append(key[1])
        else:
            found[key] = record
    for kind, ids in missing.items():
        model = known[kind].model
        chosen = select(model).where(model.id == any_(_uuids(ids)))
        rows = await ctx.session.scalars(chosen, execution_options={"include_deleted": True})
        found |= {(kind, record.id): record for record in rows}
    return found


def _held(ctx: Ctx, model: type[Any], record_id: UUID) -> Any:
    session = ctx.session.sync_session
    record = session.identity_map.get(session.identity_key(model, record_id))
    return record if record is not None and not inspect(record).expired_attributes else None


def _uuids(ids: Iterable[UUID]) -> Any:
    return cast(bindparam(None, texts(ids), type_=ARRAY(Text()), unique=True), ARRAY(Uuid()))


def _batches(keys: Sequence[Key]) -> list[Sequence[Key]]:
    return [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
