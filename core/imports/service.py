"""The verbs of imports: take a file, say how to read it, check, run, cancel, revert."""

from __future__ import annotations

from collections.abc import AsyncIterable
from datetime import timedelta
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy.dialects.postgresql import insert

from core.ext.specs import RecordType
from core.imports import fields, queries, reading
from core.imports.models import ImportMapping, ImportRun
from core.imports.schema import ImportPatch
from core.kernel import jobs
from core.kernel.errors import Conflict, FieldError, Invalid
from core.kernel.i18n import N_
from core.kernel.ids import uuid7
from core.kernel.mentions import is_mentioned
from core.tenancy.ctx import Ctx

RUN = "imports.run"
JOB = "imports.run"
REVERT_JOB = "imports.revert"
OPEN = ("mapping", "checked")
STOPPED = ("done", "cancelled", "reverting")
SAMPLE = 200
KEPT_DAYS = 30


class RunParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which import, and whether to try it only."""

    import_id: UUID
    dry_run: bool = False


async def create(ctx: Ctx, record_type: str, stream: AsyncIterable[bytes] | bytes, *, name: str) -> ImportRun:
    """Take a file: keep it, have it read, and guess what its columns mean, or remember it.

    Raises Invalid for a file that cannot be read.
    """
    await ctx.require(RUN)
    type_ = queries.importable(ctx, record_type)
    await ctx.require(f"{type_.permission}.create")
    files, schema = ctx.machinery.files, ctx.tenant.schema
    stored = await files.save(schema, stream, name or "rows.csv")
    found = await reading.read(files, schema, stored.sha256)
    run = ImportRun(
        record_type=type_.key,
        owner_id=ctx.actor.member_id,
        file_name=stored.name,
        file_sha256=stored.sha256,
        rows_sha256=found.rows_sha256,
        size_bytes=stored.size_bytes,
        about=found.about,
    )
    first, _ = await reading.lines(files, schema, found.rows_sha256, limit=SAMPLE)
    run.has_header = fields.looks_like_header(type_, first[0].cells)
    ctx.session.add(run)
    await _understand(ctx, type_, run, first)
    await ctx.session.flush()
    return run


async def _understand(ctx: Ctx, type_: RecordType, run: ImportRun, first: list[reading.Line]) -> None:
    """Name the columns and say what they mean, as chosen last time or as guessed."""
    width = int(run.about["width"])
    if run.has_header:
        titles = [cell.strip()[:200] for cell in first[0].cells]
        run.columns = titles + [""] * (_width(first, len(titles)) - len(titles))
    else:
        run.columns = [""] * width
    run.total = int(run.about["rows"]) - run.has_header
    known = await queries.remembered(ctx, type_.key, fields.digest(run.columns))
    usable = {target.name for target in fields.targets(type_)}
    run.match = list(fields.matches(type_))
    if known is not None and set(known.mapping) - {""} <= usable and any(run.columns):
        run.mapping, run.rule, run.match = known.mapping, known.rule, known.match
    else:
        run.mapping = fields.guess(type_, run.columns, [line.cells for line in first[run.has_header :]])


def _width(lines: list[reading.Line], titles: int) -> int:
    """Columns without a title count where a third of the rows fill them; in fewer rows they are mistakes."""
    wide = sorted((len(line.cells) for line in lines[1:] if len(line.cells) > titles), reverse=True)
    return wide[0] if wide and 3 * len(wide) >= len(lines) - 1 else titles


async def change(ctx: Ctx, run: ImportRun, patch: ImportPatch) -> ImportRun:
    """Say how to read the file; what a check found is void afterwards. Raises Invalid with all errors."""
    await ctx.require(RUN, run)
    _in_state(run, OPEN)
    type_ = queries.type_of(ctx, run)
    if patch.has_header is not UNSET and patch.has_header != run.has_header:
        run.has_header = patch.has_header
        lines, _ = await reading.lines(
            ctx.machinery.files, ctx.tenant.schema, run.rows_sha256 or "", limit=SAMPLE
        )
        await _understand(ctx, type_, run, lines)
    errors = _wrong(type_, run, patch)
    if errors:
        raise Invalid(errors=errors)
    for name in ("mapping", "rule", "match", "create_missing"):
        value = getattr(patch, name)
        if value is not UNSET:
            setattr(run, name, value)
    run.state = "mapping"
    await ctx.session.flush()
    return run


def _wrong(type_: RecordType, run: ImportRun, patch: ImportPatch) -> list[FieldError]:
    errors = []
    if patch.mapping is not UNSET:
        if len(patch.mapping) != len(run.columns):
            text = N_("Name a field or nothing for each of the {count} columns.")
            errors.append(FieldError("mapping", "length", text, {"count": len(run.columns)}))
        used = [name for name in patch.mapping if name]
        known = {target.name: target for target in fields.targets(type_)}
        for name in dict.fromkeys(used):
            if name not in known:
                errors.append(
                    FieldError("mapping", "unknown", N_("There is no field {field}."), {"field": name})
                )
            elif used.count(name) > 1:
                text = N_("Several columns fill {field}; choose one.")
                errors.append(FieldError("mapping", "twice", text, {"field": known[name].title}))
    if patch.match is not UNSET:
        unknown = set(patch.match) - set(fields.matches(type_))
        errors += [
            FieldError("match", "unknown", N_("There is no field {field}."), {"field": one})
            for one in unknown
        ]
    return errors


def missing(type_: RecordType, run: ImportRun) -> list[str]:
    """Titles of the fields that every new record needs and no column fills."""
    return [t.title for t in fields.targets(type_) if t.required and t.name not in run.mapping]


async def start(ctx: Ctx, run: ImportRun, *, dry_run: bool) -> ImportRun:
    """Have the file checked or imported by a job; what was chosen is remembered for its like."""
    await ctx.require(RUN, run)
    _in_state(run, OPEN)
    type_ = queries.type_of(ctx, run)
    await ctx.require(f"{type_.permission}.create")
    lacking = missing(type_, run)
    if lacking:
        text = N_("Choose the column that holds {field}.")
        raise Invalid(
            errors=[FieldError("mapping", "required", text, {"field": ctx.t(one)}) for one in lacking]
        )
    await _remember(ctx, run)
    title = N_("Check {file}") if dry_run else N_("Import {file}")
    run.job_id = ctx.enqueue(
        JOB,
        RunParams(import_id=run.id, dry_run=dry_run),
        title=ctx.t(title, file=run.file_name),
        total=run.total,
    )
    run.state = "checking" if dry_run else "running"
    run.created = run.updated = run.skipped = run.failed = 0
    await ctx.session.flush()
    return run


async def _remember(ctx: Ctx, run: ImportRun) -> None:
    if not any(run.columns):
        return
    chosen = {"mapping": run.mapping, "rule": run.rule, "match": run.match, "updated_at": ctx.now()}
    made = insert(ImportMapping).values(
        id=uuid7(),
        record_type=run.record_type,
        titles_digest=fields.digest(run.columns),
        created_at=ctx.now(),
        version=1,
        **chosen,
    )
    await ctx.session.execute(
        made.on_conflict_do_update(index_elements=["record_type", "titles_digest"], set_=chosen)
    )


async def cancel(ctx: Ctx, run: ImportRun) -> ImportRun:
    """Stop the job before its next rows; what it wrote stays and can be reverted."""
    await ctx.require(RUN, run)
    job = await queries.job(ctx, run)
    if job is None or run.state not in {"checking", "running", "reverting"}:
        raise Conflict(detail=N_("Nothing is running that could be cancelled."))
    was_waiting = job.state == "waiting"
    await jobs.cancel(ctx.session, job.id, now=ctx.now())
    if was_waiting:
        run.state = "mapping" if run.state == "checking" else "cancelled"
        await ctx.session.flush()
    return run


async def resume(ctx: Ctx, run: ImportRun) -> ImportRun:
    """Go on with an import that was cancelled or failed, after the rows that it wrote."""
    await ctx.require(RUN, run)
    job = await queries.job(ctx, run)
    if job is None or job.name != JOB or job.state not in {"failed", "cancelled"} or run.state == "reverted":
        raise Conflict(detail=N_("There is nothing to go on with."))
    await jobs.replay(ctx.session, ctx.tenant, job.id)
    run.state = "checking" if job.params.get("dry_run") else "running"
    await ctx.session.flush()
    return run


async def revert(ctx: Ctx, run: ImportRun) -> ImportRun:
    """Have everything taken back that the import brought and nobody changed since."""
    await ctx.require(RUN, run)
    job = await queries.job(ctx, run)
    is_dead = job is not None and job.state == "failed"
    _in_state(run, (*STOPPED, "running") if is_dead else STOPPED[:2])
    await ctx.require(f"{queries.type_of(ctx, run).permission}.delete")
    run.job_id = ctx.enqueue(
        REVERT_JOB,
        RunParams(import_id=run.id),
        title=ctx.t(N_("Revert the import of {file}"), file=run.file_name),
        total=run.created + run.updated,
    )
    run.state = "reverting"
    await ctx.session.flush()
    return run


async def forget(ctx: Ctx) -> list[str]:
    """Forget the files of old imports; gives the digests of those that nothing mentions any more.

    What an import did stays known, and it can still be reverted.
    """
    runs = await queries.expired(ctx, ctx.now() - timedelta(days=KEPT_DAYS))
    digests = {digest for run in runs for digest in (run.file_sha256, run.rows_sha256) if digest}
    for run in runs:
        run.file_sha256 = run.rows_sha256 = None
    await ctx.session.flush()
    return [digest for digest in sorted(digests) if not await is_mentioned(ctx.session, digest)]


def _in_state(run: ImportRun, states: tuple[str, ...]) -> None:
    if run.state not in states:
        raise Conflict(code="import.state", detail=N_("This is not possible in the import's present state."))
