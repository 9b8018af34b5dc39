"""Writes the rows of an import, some at a time in one transaction; each row is created, changed, skipped or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Table, delete, text, update
from sqlalchemy import select as reading_of
from sqlalchemy.dialects.postgresql import insert

from core.ext.specs import RecordType
from core.imports import matching, queries, resolving
from core.imports.events import ImportFinished
from core.imports.matching import Hit, Key
from core.imports.models import ImportRowError, ImportRun
from core.imports.reading import Line
from core.imports.values import Draft, Reader, reader, say
from core.kernel.errors import AppError, FieldError
from core.kernel.i18n import N_
from core.kernel.jobs import GiveUp
from core.kernel.texts import texts
from core.privacy.queries import erased_among
from core.records import bulk
from core.tenancy.ctx import Ctx
from core.tenancy.db import driver_of

ERRORS = cast(Table, ImportRowError.__table__)
RUNS = cast(Table, ImportRun.__table__)
_NOTE = text("""
INSERT INTO import_row (run_id, record_id, record_type, row_no, before, version)
SELECT CAST(:run_id AS uuid), id, record_type, row_no, before, version
FROM unnest(CAST(CAST(:ids AS text[]) AS uuid[]), CAST(:types AS text[]), CAST(CAST(:places AS text[]) AS int[]),
            CAST(CAST(:befores AS text[]) AS jsonb[]), CAST(CAST(:versions AS text[]) AS int[]))
     AS r (id, record_type, row_no, before, version)
ON CONFLICT (run_id, record_id) DO UPDATE SET version = excluded.version
""")
AMBIGUOUS = N_("Several records have this: {value}")
ERASED = N_("This person was erased on request. Enter them by hand if they want to be known again.")
NAMING = ("email", "mobile", "phone")
UNSEEN = N_("This record exists already and belongs to somebody else.")


@dataclass(slots=True, kw_only=True)
class Plan:
    """How an import's rows are written, the same for all of them; ``seen`` are the keys that a check met."""

    run_id: UUID
    type: RecordType
    reader: Reader
    rule: str
    match: tuple[str, ...]
    create_missing: bool
    rows_sha256: str
    has_header: bool
    dry_run: bool
    seen: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class Batch:
    """What became of some rows."""

    created: list[Draft] = field(default_factory=list)
    updated: list[Draft] = field(default_factory=list)
    skipped: int = 0
    refused: list[Draft] = field(default_factory=list)
    made: list[tuple[RecordType, Any]] = field(default_factory=list)


class _Undo(Exception):
    """Ends a check: everything was tried, nothing stays."""


async def plan(ctx: Ctx, run_id: UUID, *, dry_run: bool) -> Plan:
    """Read how an import is to be written; gives up where it is gone."""
    try:
        run = await queries.get(ctx, run_id)
        type_ = queries.type_of(ctx, run)
    except AppError as error:
        raise GiveUp("the import or its kind of record is gone") from error
    if run.rows_sha256 is None:
        raise GiveUp("the file of the import is gone")
    if not ctx.can(f"{type_.permission}.create"):
        raise GiveUp("whoever asked for the import may not create its records any more")
    tenant = ctx.tenant
    return Plan(
        run_id=run.id,
        type=type_,
        reader=reader(
            type_, run.mapping, region=tenant.country or "CN", zone=ctx.zone, currency=tenant.currency
        ),
        rule=run.rule,
        match=tuple(run.match),
        create_missing=run.create_missing,
        rows_sha256=run.rows_sha256,
        has_header=run.has_header,
        dry_run=dry_run,
    )


async def begin(ctx: Ctx, job: Any, plan: Plan) -> None:
    """Start from nothing: no counts, no errors of an earlier check, one instant for all that is created."""
    await ctx.session.execute(delete(ERRORS).where(ERRORS.c.run_id == plan.run_id))
    none = dict.fromkeys(("created", "updated", "skipped", "failed", "reverted", "kept"), 0)
    stamp = None if plan.dry_run else ctx.now()
    await ctx.session.execute(update(RUNS).where(RUNS.c.id == plan.run_id).values(stamp=stamp, **none))
    job.state["offset"] = 0
    job.state["stamp"] = stamp.isoformat() if stamp else None


async def write(ctx: Ctx, job: Any, plan: Plan, drafts: Sequence[Draft], after: int) -> None:
    """Write some rows, their errors and counts, and note the place after them."""
    # A plan that is kept for all batches was made for a table of another size: it compares every row with each key.
    await ctx.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    batch = Batch()
    try:
        async with ctx.attempt():
            await _write(ctx, plan, drafts, batch)
            if plan.dry_run:
                raise _Undo
    except _Undo:
        pass
    else:
        await _note_records(ctx, plan, batch)
    await _note_errors(ctx, plan.run_id, batch.refused)
    counts = {
        "created": len(batch.created),
        "updated": len(batch.updated),
        "skipped": batch.skipped,
        "failed": len(batch.refused),
    }
    added = {name: RUNS.c[name] + count for name, count in counts.items() if count}
    if added:
        await ctx.session.execute(update(RUNS).where(RUNS.c.id == plan.run_id).values(**added))
    job.state["offset"] = after
    job.progress(done=job.done + len(drafts), failed=job.failed + len(batch.refused))


async def _write(ctx: Ctx, plan: Plan, drafts: Sequence[Draft], batch: Batch) -> None:
    missing = await resolving.resolve(ctx, plan.reader, drafts)
    if missing and plan.create_missing:
        await _make(ctx, plan, drafts, missing, batch)
    for draft in drafts:
        if not draft.errors:
            plan.reader.point(draft)
    waiting = await _sort(ctx, plan, drafts, batch)
    await _store(ctx, plan, batch)
    # Rows about a record of an earlier row of these: that one had to be written first.
    while waiting:
        later: list[tuple[Draft, Draft]] = []
        met: set[int] = set()
        for draft, first in waiting:
            if id(first) in met:
                later.append((draft, first))
                continue
            met.add(id(first))
            draft.record = first.record
            (batch.updated if first.record is not None else batch.created).append(draft)
        waiting = later
        await _store(ctx, plan, batch)
    batch.refused = [draft for draft in drafts if draft.errors]
    batch.created = [draft for draft in batch.created if not draft.errors]
    batch.updated = [draft for draft in batch.updated if not draft.errors]


async def _make(
    ctx: Ctx, plan: Plan, drafts: Sequence[Draft], missing: Mapping[str, list[str]], batch: Batch
) -> None:
    """Create what rows point at and nobody has yet, then look again."""
    for ref, names in missing.items():
        type_ = ctx.machinery.registry.records[ref]
        rows = [bulk.Row(0, {}, data=type_.create(**{type_.label.key: name})) for name in names]
        await bulk.write_prepared(ctx, type_, rows)
        batch.made += [(type_, row.record) for row in rows if row.error is None]
    again = [draft for draft in drafts if any(error.code == "reference" for error in draft.errors)]
    for draft in again:
        draft.errors = [error for error in draft.errors if error.path not in draft.refs]
    await resolving.resolve(ctx, plan.reader, again)


async def _sort(ctx: Ctx, plan: Plan, drafts: Sequence[Draft], batch: Batch) -> list[tuple[Draft, Draft]]:
    """Say of each valid row whether it is new, a change, or to be skipped; give those that have to wait."""
    valid = [draft for draft in drafts if not draft.errors]
    if plan.rule == "create":
        batch.created += valid
        return []
    keys = {id(draft): matching.keys(plan.type, plan.match, draft) for draft in valid}
    found = await matching.find(ctx, plan.type, (key for some in keys.values() for key in some))
    firsts: dict[Key, Draft] = {}
    waiting: list[tuple[Draft, Draft]] = []
    targets: dict[int, UUID] = {}
    for draft in valid:
        own = keys[id(draft)]
        hits = next((found[key] for key in own if key in found), [])
        first = next((firsts[key] for key in own if key in firsts), None)
        is_seen = plan.dry_run and any(key in plan.seen for key in own)
        if (hits or first or is_seen) and plan.rule == "skip":
            batch.skipped += 1
        elif hits:
            _aim(draft, hits, targets, next(key for key in own if key in found))
        elif first is not None:
            waiting.append((draft, first))
        elif is_seen:
            batch.updated.append(draft)
        else:
            firsts |= dict.fromkeys(own, draft)
            batch.created.append(draft)
        plan.seen.update(own if plan.dry_run else ())
    await _load(ctx, plan, targets, valid, batch)
    return waiting


def _aim(draft: Draft, hits: Sequence[Hit], targets: dict[int, UUID], key: Key) -> None:
    if len(hits) > 1:
        draft.errors.append(FieldError(key[0], "ambiguous", AMBIGUOUS, {"value": key[1]}))
    elif not hits[0].is_seen:
        draft.errors.append(FieldError(key[0], "exists", UNSEEN))
    else:
        targets[id(draft)] = hits[0].id


async def _load(
    ctx: Ctx, plan: Plan, targets: Mapping[int, UUID], drafts: Sequence[Draft], batch: Batch
) -> None:
    if not targets:
        return
    model = plan.type.model
    rows = await ctx.session.scalars(reading_of(model).where(model.id.in_(set(targets.values()))))
    records = {record.id: record for record in rows}
    for draft in drafts:
        if id(draft) in targets:
            draft.record = records[targets[id(draft)]]
            batch.updated.append(draft)


async def _store(ctx: Ctx, plan: Plan, batch: Batch) -> None:
    """Write what is not written yet."""
    fresh = [draft for draft in batch.created if draft.before is None and not draft.errors]
    await _refuse_erased(ctx, fresh)
    changes = [draft for draft in batch.updated if draft.before is None and not draft.errors]
    for draft in changes:
        plan.reader.change(draft)
    rows: list[tuple[Draft, bulk.Row]] = []
    for draft in (*fresh, *changes):
        if draft.errors:
            continue
        draft.before = _before(draft)
        # Without a record it is a change of what a check met earlier and did not write.
        if draft.record is not None or draft.data.__class__ is plan.type.create:
            rows.append((draft, bulk.Row(draft.row_no, {}, data=draft.data, target=draft.record)))
    await bulk.write_prepared(ctx, plan.type, [row for _, row in rows])
    for draft, row in rows:
        if row.error is not None:
            draft.errors += _told(row.error)
        else:
            draft.record = row.record


async def _refuse_erased(ctx: Ctx, drafts: Sequence[Draft]) -> None:
    """Refuse new records with an address or number of somebody who was erased on request."""
    given = [(draft, name, getattr(draft.data, name, None)) for draft in drafts for name in NAMING]
    named = [(draft, name, value) for draft, name, value in given if isinstance(value, str)]
    erased = await erased_among(ctx, [value for _, _, value in named])
    for draft, name, value in named:
        if value in erased:
            draft.errors.append(FieldError(name, "erased", ERASED))


def _before(draft: Draft) -> dict[str, Any]:
    """The values that a change replaces; nothing for a new record."""
    if draft.record is None:
        return {}
    given = {name: getattr(draft.data, name) for name in draft.data.__struct_fields__}
    return {
        name: msgspec.to_builtins(getattr(draft.record, name))
        for name, value in given.items()
        if value is not msgspec.UNSET and value != getattr(draft.record, name)
    }


def _told(error: AppError) -> list[FieldError]:
    return list(error.errors) or [FieldError("", error.code, error.detail or error.title, error.params)]


async def _note_records(ctx: Ctx, plan: Plan, batch: Batch) -> None:
    """Keep what a revert needs: which records, as of which version, and what they held before."""
    made = [(0, type_.key, record, None) for type_, record in batch.made]
    own = plan.type.key
    new = [(draft.row_no, own, draft.record, None) for draft in batch.created]
    changed = [(draft.row_no, own, draft.record, draft.before) for draft in batch.updated]
    rows = {row[2].id: row for row in reversed((*made, *new, *changed))}
    await _note_new(ctx, plan.run_id, [row for row in rows.values() if row[3] is None])
    again = [row for row in rows.values() if row[3] is not None]
    if again:
        await ctx.session.execute(
            _NOTE,
            {
                "run_id": plan.run_id,
                "ids": texts(record.id for _, _, record, _ in again),
                "types": [key for _, key, _, _ in again],
                "places": texts(row_no for row_no, _, _, _ in again),
                "befores": [msgspec.json.encode(before).decode() for _, _, _, before in again],
                "versions": texts(record.version for _, _, record, _ in again),
            },
        )


async def _note_new(ctx: Ctx, run_id: UUID, rows: Sequence[tuple[int, str, Any, None]]) -> None:
    """Note records that nothing was noted of before."""
    driver = driver_of(await ctx.session.connection())
    await driver.copy_records_to_table(
        "import_row",
        records=[(run_id, record.id, key, row_no, record.version) for row_no, key, record, _ in rows],
        columns=["run_id", "record_id", "record_type", "row_no", "version"],
    )


async def _note_errors(ctx: Ctx, run_id: UUID, refused: Sequence[Draft]) -> None:
    rows = [
        {
            "run_id": run_id,
            "row_no": draft.row_no,
            "cells": draft.cells,
            "errors": [say(error) for error in draft.errors],
        }
        for draft in refused
    ]
    if rows:
        await ctx.session.execute(insert(ERRORS), rows)


def meet(plan: Plan, lines: Sequence[Line]) -> None:
    """Note what rows are about without writing them."""
    for draft in plan.reader.read(lines):
        if not draft.errors:
            plan.seen.update(matching.keys(plan.type, plan.match, draft))


async def finish(ctx: Ctx, plan: Plan) -> None:
    """Say that all rows are done. Emits ``import.finished`` unless it was a check."""
    run = await queries.get(ctx, plan.run_id)
    run.state = "checked" if plan.dry_run else "done"
    run.finished_at = ctx.now()
    await ctx.session.flush()
    if not plan.dry_run:
        counts = {name: getattr(run, name) for name in ("created", "updated", "skipped", "failed")}
        ctx.emit(
            ImportFinished(subject_id=run.id, label=run.file_name, record_type_key=run.record_type, **counts)
        )


async def stop(ctx: Ctx, plan: Plan) -> None:
    """Say that somebody cancelled it."""
    run = await queries.get(ctx, plan.run_id)
    run.state = "mapping" if plan.dry_run else "cancelled"
    await ctx.session.flush()
