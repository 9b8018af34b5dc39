"""Writes up to 10,000 records of one type at once: every row gets its own answer, none stops the others.

All rows are validated before any is written; then they are written in batches. A batch that fails is undone
and repeated by halves, so that only the guilty rows are refused.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Text, any_, bindparam, select
from sqlalchemy.exc import DataError, IntegrityError

from core.ext.specs import RecordType
from core.kernel.errors import AppError, Conflict, FieldError, Invalid
from core.kernel.i18n import N_
from core.kernel.validate import convert, decode_json
from core.records.changes import trimmed
from core.records.writing import given, patch_values

MOST: Final = 10_000
BATCH: Final = 1_000
Status = Literal["created", "updated", "failed"]


class RowError(msgspec.Struct, frozen=True):
    """What is wrong with one value of a row."""

    path: str
    code: str
    message: str


class RowResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one line."""

    line: int
    status: Status
    id: UUID | None = None
    external_id: str | None = None
    code: str | None = None
    errors: list[RowError] = []


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of all lines; a dry run wrote none of them."""

    created: int
    updated: int
    failed: int
    dry_run: bool
    results: list[RowResult]


@dataclass(slots=True)
class Row:
    """One line on its way: what was sent, what it became, or why not."""

    line: int
    values: dict[str, Any]
    data: Any = None
    target: Any = None
    record: Any = None
    error: AppError | None = None

    @property
    def external_id(self) -> str | None:
        """The row's own key, if it has a usable one."""
        found = self.values.get("external_id")
        return found if isinstance(found, str) and found else None


@dataclass(slots=True)
class _Bulk:
    """One bulk write under way."""

    ctx: Any
    type: RecordType
    upsert: bool
    rows: list[Row] = field(default_factory=list)

    async def prepare(self) -> None:
        """Find what exists already and validate every row."""
        known = await self._known()
        seen: set[str] = set()
        for row in self.rows:
            if row.error is not None:
                continue
            try:
                if row.external_id is not None and row.external_id in seen:
                    text = N_("This id stands in an earlier line already.")
                    raise Invalid.field("external_id", "duplicate", text)
                seen.add(row.external_id or "")
                await self._validate(row, known)
            except AppError as error:
                row.error = error

    async def _validate(self, row: Row, known: dict[str, tuple[Any, bool]]) -> None:
        record, is_seen = known.get(row.external_id or "", (None, False))
        if record is None:
            row.data = convert(self.type.create, row.values)
            return
        if not (self.upsert and is_seen):
            raise Conflict(code="exists", detail=N_("A record with this external id exists already."))
        await self.ctx.require(f"{self.type.permission}.edit", record)
        row.data = convert(self.type.patch, patch_values(self.type, row.values))
        row.target = record

    async def _known(self) -> dict[str, tuple[Any, bool]]:
        model = self.type.model
        names = sorted({row.external_id for row in self.rows if row.external_id is not None})
        if not names:
            return {}
        array = bindparam(None, names, type_=ARRAY(Text()), unique=True)
        seen = self.ctx.visible(model, f"{self.type.permission}.view").label("is_seen")
        found = await self.ctx.session.execute(select(model, seen).where(model.external_id == any_(array)))
        return {record.external_id: (record, is_seen) for record, is_seen in found}

    async def write(self) -> None:
        """Write the valid rows, new ones in batches, changed ones one after the other."""
        fresh = [row for row in self.rows if row.error is None and row.target is None]
        many = self.type.verbs.create_many
        for batch in _batches(fresh, BATCH):
            await self._write_all(batch, self._create if many is None else self._create_many)
        changed = [row for row in self.rows if row.error is None and row.target is not None]
        for batch in _batches(changed, BATCH):
            await self._write_all(batch, self._update)

    async def _write_all(
        self, rows: Sequence[Row], write: Callable[[Sequence[Row]], Awaitable[None]]
    ) -> None:
        try:
            async with self.ctx.attempt():
                await write(rows)
        except (AppError, IntegrityError, DataError) as error:
            for row in rows:
                if row.target is not None:
                    await self.ctx.session.refresh(row.target)
            if len(rows) == 1:
                rows[0].error = error if isinstance(error, AppError) else Conflict()
                return
            middle = len(rows) // 2
            await self._write_all(rows[:middle], write)
            await self._write_all(rows[middle:], write)

    async def _create_many(self, rows: Sequence[Row]) -> None:
        many = self.type.verbs.create_many
        assert many is not None  # noqa: S101 -- write() chose this path by it
        records = await many(self.ctx, [row.data for row in rows])
        await self.ctx.session.flush()
        for row, record in zip(rows, records, strict=True):
            row.record = record

    async def _create(self, rows: Sequence[Row]) -> None:
        for row in rows:
            row.record = await self.type.verbs.create(self.ctx, row.data)
        await self.ctx.session.flush()

    async def _update(self, rows: Sequence[Row]) -> None:
        for row in rows:
            await self.type.verbs.update(self.ctx, row.target, trimmed(row.target, row.data))
            row.record = row.target
        await self.ctx.session.flush()

    def outcome(self, *, dry_run: bool) -> Outcome:
        results = [self._result(row, dry_run=dry_run) for row in self.rows]
        count = dict.fromkeys(("created", "updated", "failed"), 0)
        for result in results:
            count[result.status] += 1
        return Outcome(**count, dry_run=dry_run, results=results)

    def _result(self, row: Row, *, dry_run: bool) -> RowResult:
        if row.error is None:
            status: Status = "created" if row.target is None else "updated"
            record_id = None if dry_run and row.target is None else row.record.id
            return RowResult(line=row.line, status=status, id=record_id, external_id=row.external_id)
        error = row.error
        errors = error.errors or (FieldError("", error.code, error.detail or error.title, error.params),)
        told = [RowError(e.path, e.code, self.ctx.t(e.message, **e.params)) for e in errors]
        return RowResult(
            line=row.line, status="failed", code=error.code, errors=told, external_id=row.external_id
        )


def read(body: bytes) -> list[Row]:
    """Read newline-delimited JSON objects; a line that is none becomes a row with that error."""
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not lines or len(lines) > MOST:
        text = N_("Send between 1 and {most} lines, each a JSON object.")
        raise Invalid(errors=[FieldError("", "lines", text, {"most": MOST})], code="bulk.size")
    return [_row(number, line) for number, line in lines]


async def write(
    ctx: Any, type_: RecordType, rows: list[Row], *, upsert: bool = False, dry_run: bool = False
) -> Outcome:
    """Write rows through the type's verbs; with `upsert`, rows of a known external id change that record.

    A dry run does everything and has the transaction undone.
    """
    work = _Bulk(ctx, type_, upsert, rows)
    await work.prepare()
    await work.write()
    if dry_run:
        ctx.roll_back()
    return work.outcome(dry_run=dry_run)


async def write_prepared(ctx: Any, type_: RecordType, rows: list[Row]) -> None:
    """Write rows that are valid already, those with a target as changes of it; each tells its own error."""
    await _Bulk(ctx, type_, upsert=True, rows=rows).write()


def _row(number: int, line: bytes) -> Row:
    try:
        return Row(number, given(decode_json(line)))
    except AppError as error:
        return Row(number, {}, error=error)


def _batches(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
