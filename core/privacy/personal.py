"""What the product itself notes about people: events, answers it gave, receipts of jobs, and requests like these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Text, cast, delete, func, or_, select, update

from core.ext.hooks import hookimpl
from core.ext.specs import Person, PersonalData
from core.kernel.events import erasing
from core.kernel.events.models import EventBody, EventRow, Handled
from core.kernel.i18n import N_
from core.kernel.idempotency.models import Idempotency
from core.kernel.jobs import JobRunRow
from core.privacy.models import DataRequest
from core.records.people import MOST, everything, plain, without
from core.tenancy.ctx import Ctx

OTHERS: Final = ("contact", "customer", "deal", "lead")
"""Events about another record of these types are somebody else's, unless they mention the person."""
LISTS: Final = ("saved_view", "export", "import")
"""Events about lists may be called after a person."""
ACTIVE: Final = ("waiting", "running")


async def event_ids(ctx: Ctx, person: Person) -> list[UUID]:
    """The events that tell of a person."""
    return await erasing.concerning(
        ctx.session, everything(person), words=person.words, others=OTHERS, lists=LISTS
    )


async def export(ctx: Ctx, person: Person) -> Sequence[Mapping[str, Any]]:
    """Give what was noted to have happened."""
    wanted = (await event_ids(ctx, person))[:MOST]
    statement = (
        select(EventRow.name, EventRow.occurred_at, EventBody.label, EventBody.changes, EventBody.data)
        .join(EventBody, EventBody.event_id == EventRow.id)
        .where(EventRow.id.in_(wanted))
        .order_by(EventRow.id)
    )
    return [plain(row) for row in (await ctx.session.execute(statement)).mappings()]


async def erase(ctx: Ctx, person: Person) -> Sequence[str]:
    """Blank kept answers, receipts and titles that name the person, and earlier requests; gives their files."""
    ids = "|".join(dict.fromkeys(str(record_id) for _, record_id in everything(person)))
    named = or_(
        func.encode(Idempotency.body, "escape").regexp_match(ids),
        cast(Idempotency.headers, Text).regexp_match(ids),
    )
    await ctx.session.execute(update(Idempotency).where(named).values(body=b"", headers={}))
    busy = select(JobRunRow.id).where(JobRunRow.state.in_(ACTIVE))
    told = cast(Handled.state, Text).regexp_match(ids)
    await ctx.session.execute(delete(Handled).where(told, Handled.source_id.not_in(busy)))
    await _titles(ctx, person)
    return await _requests(ctx, person)


async def _titles(ctx: Ctx, person: Person) -> None:
    """Take the person out of how finished jobs are called and what they were told."""
    texts = func.concat_ws(" ", JobRunRow.title, JobRunRow.error, cast(JobRunRow.params, Text))
    named = [texts.icontains(word, autoescape=True) for word in person.words]
    if not named:
        return
    found = select(JobRunRow.id, JobRunRow.title).where(or_(*named), JobRunRow.state.not_in(ACTIVE))
    for row in (await ctx.session.execute(found)).all():
        blank: dict[str, Any] = {"title": without(person.words, row.title), "error": None, "params": {}}
        await ctx.session.execute(update(JobRunRow).where(JobRunRow.id == row.id).values(blank))


async def _requests(ctx: Ctx, person: Person) -> list[str]:
    """Forget whom earlier requests were about; the one that erases is forgotten at its end."""
    about = select(DataRequest).where(
        or_(*(DataRequest.record_id == record_id for _, record_id in everything(person))),
        or_(DataRequest.kind != "erase", DataRequest.state != "running"),
    )
    digests = []
    for request in await ctx.session.scalars(about):
        digests += [request.file_sha256] if request.file_sha256 else []
        request.label, request.person, request.file_sha256 = "", None, None
        request.state = "lifted" if request.state == "lifted" else "done"
    await ctx.session.flush()
    return digests


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """The history; the rest is only there to be blanked."""
    return [PersonalData(key="history", title=N_("History"), export=export, erase=erase)]
