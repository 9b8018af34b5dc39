"""The verbs of requests about people's data."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import null, select, update
from sqlalchemy.dialects.postgresql import insert

from core.ext.specs import Person, PersonalData, RecordType
from core.kernel.errors import Conflict, Invalid
from core.kernel.files import Stored
from core.kernel.i18n import N_
from core.kernel.mentions import is_mentioned
from core.privacy import people, queries
from core.privacy.events import DataRequested, DataRequestFinished, RestrictionLifted
from core.privacy.models import DataRequest, Suppression
from core.privacy.schema import Candidate, DataRequestIn, Held, Preview
from core.records import lists
from core.tenancy.ctx import Ctx

MANAGE: Final = "privacy.manage"
EXPORT_JOB: Final = "privacy.export"
ERASE_JOB: Final = "privacy.erase"
KEPT_DAYS: Final = 7
TITLES: Final = {
    "export": N_("Export of personal data"),
    "restrict": N_("Restriction of personal data"),
    "erase": N_("Erasure of personal data"),
}


class RequestParams(msgspec.Struct, frozen=True, kw_only=True):
    """Which request."""

    request_id: UUID


async def find(ctx: Ctx, record_type: str, record_id: UUID) -> Any:
    """Read the record of a person, from the bin too; raises NotFound, and Invalid for a company."""
    type_: RecordType = ctx.machinery.registry.records[record_type]
    record = await lists.get(ctx, type_, record_id, deleted=True)
    if getattr(record, "kind", "person") == "company":
        raise Invalid.field("record_id", "company", N_("A company is no person. Choose its contact."))
    return record


async def preview(ctx: Ctx, record_type: str, record_id: UUID) -> Preview:
    """Count what there is about a person, and find who may be the same."""
    await ctx.require(MANAGE)
    record = await find(ctx, record_type, record_id)
    person = await people.person_of(ctx, record_type, record_id)
    held = await count(ctx, person)
    near = await people.candidates(ctx, person)
    return Preview(
        label=record.name,
        held=[one for one in held if one.rows or one.is_unknown],
        candidates=[Candidate(record_type=r.__tablename__, record_id=r.id, label=r.name) for r in near],
    )


async def count(ctx: Ctx, person: Person) -> list[Held]:
    """How many rows each module has about a person; unknown of those that fail to say it."""
    found = []
    for item in await people.holders(ctx):
        try:
            rows, is_unknown = len(await people.exported(ctx, item, person)), False
        except Conflict:
            rows, is_unknown = 0, True
        found.append(Held(key=item.key, title=ctx.t(item.title), rows=rows, is_unknown=is_unknown))
    return found


async def create(ctx: Ctx, data: DataRequestIn) -> DataRequest:
    """Take a request up: restrict at once, export or erase by a job. Emits ``data_request.created``.

    Raises Invalid where the name that was typed to erase is another, Conflict while the same is under way.
    """
    await ctx.require(MANAGE)
    record = await find(ctx, data.record_type, data.record_id)
    for one in data.also:
        if one.record_type not in people.MODELS:
            raise Invalid.field("also", "unknown", N_("There is no such kind of record."))
        await find(ctx, one.record_type, one.record_id)
    if data.kind == "erase" and data.confirm.strip() != record.name.strip():
        raise Invalid.field("confirm", "typed", N_("Type the name exactly as it is shown."))
    await _refuse_twice(ctx, data)
    also = [(one.record_type, one.record_id) for one in data.also]
    person = await people.person_of(ctx, data.record_type, data.record_id, also)
    request = DataRequest(
        kind=data.kind,
        record_type=data.record_type,
        record_id=data.record_id,
        label=record.name,
        owner_id=ctx.actor.member_id,
        person=msgspec.to_builtins(person),
        counts={one.key: one.rows for one in await count(ctx, person) if one.rows},
    )
    ctx.session.add(request)
    await ctx.session.flush()
    ctx.emit(DataRequested(subject_id=request.id, kind=request.kind))
    if data.kind == "restrict":
        await _restrict(ctx, person, is_restricted=True)
        _finished(ctx, request)
    else:
        job = EXPORT_JOB if data.kind == "export" else ERASE_JOB
        request.job_id = ctx.enqueue(
            job, RequestParams(request_id=request.id), title=ctx.t(TITLES[data.kind])
        )
    await ctx.session.flush()
    return request


async def lift(ctx: Ctx, request: DataRequest) -> DataRequest:
    """Let a restricted person's data be used again. Emits ``data_request.lifted``."""
    await ctx.require(MANAGE)
    if request.kind != "restrict" or request.state != "done" or request.person is None:
        raise Conflict(N_("There is no restriction to lift."), code="data_request.lifted")
    await _restrict(ctx, person_in(request), is_restricted=False)
    request.state, request.person = "lifted", None
    await ctx.session.flush()
    ctx.emit(RestrictionLifted(subject_id=request.id, kind=request.kind))
    return request


def person_in(request: DataRequest) -> Person:
    """The person that a request which is not over is about."""
    return msgspec.convert(request.person, Person)


async def exported(ctx: Ctx, request_id: UUID, stored: Stored) -> None:
    """Say where the file lies. Emits ``data_request.finished``."""
    request = await queries.get(ctx, request_id)
    if request.person is None:
        return
    request.file_sha256, request.size_bytes, request.file_name = stored.sha256, stored.size_bytes, stored.name
    request.expires_at = ctx.now() + timedelta(days=KEPT_DAYS)
    request.person = None
    _finished(ctx, request)
    await ctx.session.flush()


async def begin_erasing(ctx: Ctx, person: Person, request_id: UUID) -> None:
    """Let nobody change the person's records any more, and remember addresses and numbers as digests."""
    await _mark(ctx, person, is_restricted=True)
    for item in await people.holders(ctx):
        # What a module cannot restrict it erases next, or the erasure stays open for it.
        with suppress(Conflict):
            await _in_module(ctx, item, person, is_restricted=True)
    values = [
        {"digest": queries.digest_of(ctx, value), "request_id": request_id, "created_at": ctx.now()}
        for value in (*person.emails, *person.phones)
    ]
    if values:
        await ctx.session.execute(insert(Suppression).values(values).on_conflict_do_nothing())


async def end_erasing(ctx: Ctx, request_id: UUID) -> None:
    """Forget who it was about. Emits ``data_request.finished``."""
    request = await queries.get(ctx, request_id)
    request.label, request.person = "", None
    _finished(ctx, request)
    await ctx.session.flush()


async def expire(ctx: Ctx) -> list[str]:
    """Forget files whose time is over; gives the digests of those that nothing mentions any more."""
    requests = await queries.expired(ctx, ctx.now())
    digests = {request.file_sha256 for request in requests if request.file_sha256}
    for request in requests:
        request.file_sha256 = None
    await ctx.session.flush()
    return [digest for digest in sorted(digests) if not await is_mentioned(ctx.session, digest)]


def _finished(ctx: Ctx, request: DataRequest) -> None:
    request.state, request.finished_at = "done", ctx.now()
    rows = sum(request.counts.values())
    about = f"{request.record_type}/{request.record_id}"
    ctx.emit(DataRequestFinished(subject_id=request.id, kind=request.kind, about=about, rows=rows))


async def _restrict(ctx: Ctx, person: Person, *, is_restricted: bool) -> None:
    """Set or clear the mark on the person's records; modules do what is theirs."""
    await _mark(ctx, person, is_restricted=is_restricted)
    for item in await people.holders(ctx):
        await _in_module(ctx, item, person, is_restricted=is_restricted)


async def _in_module(ctx: Ctx, item: PersonalData, person: Person, *, is_restricted: bool) -> None:
    if item.restrict is not None:
        await people.asked(ctx, item, item.restrict(ctx, person, is_restricted))


async def _mark(ctx: Ctx, person: Person, *, is_restricted: bool) -> None:
    now = ctx.now()
    for kind, model in people.MODELS.items():
        values = {
            "restricted_at": now if is_restricted else null(),
            "version": model.version + 1,
            "updated_at": now,
        }
        marked = model.restricted_at.is_(None) if is_restricted else model.restricted_at.is_not(None)
        change = update(model).where(model.id.in_(person.own(kind)), marked).values(values)
        await ctx.session.execute(change.execution_options(synchronize_session="fetch"))


async def _refuse_twice(ctx: Ctx, data: DataRequestIn) -> None:
    same: Sequence[DataRequest] = (
        await ctx.session.scalars(
            select(DataRequest).where(
                DataRequest.record_id == data.record_id,
                DataRequest.kind == data.kind,
                DataRequest.person.is_not(None),
            )
        )
    ).all()
    if same:
        raise Conflict(
            N_("The same is under way for this person, or in force already."), code="data_request.same"
        )
