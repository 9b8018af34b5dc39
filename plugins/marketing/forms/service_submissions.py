"""The verbs of what visitors send: store it first, release what was held, note, delete, restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from random import randrange
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from core.sdk import N_, Conflict, Ctx, Event, Invalid, NotFound, Statement, changes, files, opaque, uuid7
from plugins.marketing.forms import queries
from plugins.marketing.forms.answers import CONSENT, Answers, by_target, read, title_of
from plugins.marketing.forms.definition import Content
from plugins.marketing.forms.events import SubmissionChanged, SubmissionReceived
from plugins.marketing.forms.models import Form, FormDay, Submission, SubmissionFile
from plugins.marketing.forms.queries import PublicForm
from plugins.marketing.forms.schema import SubmissionIn, SubmissionPatch

PARTS: Final = 16
"""In so many rows a day's counts are kept, so that those who count seldom meet."""
TRIES_MAX: Final = 3


_COLUMNS: Final = Submission.__table__.columns
_STORE: Final = Statement(
    insert(Submission)
    .values({column.name: bindparam(column.name, type_=column.type) for column in _COLUMNS})
    .on_conflict_do_nothing(index_elements=["form_id", "nonce"])
    .returning(Submission.id)
)
_BLANK: Final[Mapping[str, Any]] = {
    **{column.name: None for column in _COLUMNS},
    "version": 1,
    "tries": 0,
    "is_restricted": False,
}
COUNTED: Final = ("views", "sent", "held", "accepted", "duplicate", "spam", "error")
_DAY: Final = insert(FormDay).values(
    {column.name: bindparam(column.name, type_=column.type) for column in FormDay.__table__.columns}
)
_COUNT: Final = Statement(
    _DAY.on_conflict_do_update(
        index_elements=["form_id", "on", "part"],
        set_={name: getattr(FormDay, name) + _DAY.excluded[name] for name in COUNTED},
    )
)


class Evidence(msgspec.Struct, kw_only=True):
    """What is known of how a form was sent: by which page, how fast, with which proof, from where."""

    nonce: str
    seconds: int | None = None
    is_trapped: bool = False
    is_proven: bool = False
    consent_version: int = 0
    page: str | None = None
    referrer: str | None = None
    utm: Mapping[str, str] = {}
    address_mark: str | None = None


class Received(msgspec.Struct, kw_only=True):
    """What became of a sending: its submission, and whether it is the first of its page.

    ``is_other`` says that the page was sent before with other answers: then nothing was stored.
    """

    id: UUID
    state: str
    is_first: bool = True
    is_other: bool = False


async def receive(
    ctx: Ctx,
    form: Form | PublicForm,
    content: Content,
    answers: Answers,
    evidence: Evidence,
    sent: Sequence[tuple[str, files.Stored]] = (),
) -> Received:
    """Store what a visitor sent, once for each page; the verdict comes later, from a job.

    What comes with a proof emits ``marketing.forms.submission.received``; what comes without is held.
    """
    state = "received" if evidence.is_proven else "held"
    row = _row(ctx, form, content, answers, evidence) | {"state": state}
    stored = await ctx.session.run(_STORE, {**_BLANK, **row})
    if not stored:
        return await _earlier(ctx, form, evidence.nonce, str(row["digest"]))
    found: UUID = stored[0].id
    if sent:
        ctx.session.add_all(_file(found, name, file) for name, file in sent)
    if state == "received":
        _tell(ctx, form, found, str(row["title"]))
    else:
        await count(ctx, form.id, ctx.now(), sent=1, held=1)
    return Received(id=found, state=state)


def _row(
    ctx: Ctx, form: Form | PublicForm, content: Content, answers: Answers, evidence: Evidence
) -> dict[str, Any]:
    known = by_target(content.fields, answers.values)
    utm = {f"utm_{name}": value[:200] for name, value in evidence.utm.items() if value}
    given = answers.consent and bool(content.consent_text)
    return {
        "id": uuid7(),
        "created_at": ctx.now(),
        "updated_at": ctx.now(),
        "form_id": form.id,
        "nonce": evidence.nonce,
        "title": title_of(content.fields, answers.values) or form.name[:200],
        "values": answers.values,
        "digest": answers.digest,
        "email": known.get("email"),
        "phone": known.get("mobile") or known.get("phone") or known.get("whatsapp"),
        "consent_given": given,
        "consent_version": content.consent_version if content.consent_text else None,
        "consent_text": content.consent_text or None,
        "page": evidence.page,
        "referrer": evidence.referrer,
        "seconds": evidence.seconds,
        "is_trapped": evidence.is_trapped,
        "is_proven": evidence.is_proven,
        "address_mark": evidence.address_mark,
        **utm,
    }


async def _earlier(ctx: Ctx, form: Form | PublicForm, nonce: str, digest: str) -> Received:
    same = select(Submission.id, Submission.state, Submission.digest).where(
        Submission.form_id == form.id, Submission.nonce == nonce
    )
    row = (await ctx.session.execute(same)).one()
    return Received(id=row[0], state=row[1], is_first=False, is_other=row[2] != digest)


def _file(submission_id: UUID, field: str, stored: files.Stored) -> SubmissionFile:
    return SubmissionFile(
        submission_id=submission_id,
        field=field,
        name=stored.name,
        media_type=stored.media_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        key=stored.key,
    )


async def release(ctx: Ctx, form: PublicForm, submission_id: UUID, *, is_right: bool) -> str:
    """Let a held submission go on to the verdict after the right answer; gives its state then.

    After three wrong answers it stays held until somebody looks at it. Emits
    ``marketing.forms.submission.received`` once.
    """
    statement = select(Submission).where(Submission.id == submission_id, Submission.form_id == form.id)
    submission = await ctx.session.scalar(statement.with_for_update())
    if submission is None:
        raise NotFound
    if submission.state != "held":
        return submission.state
    if submission.tries >= TRIES_MAX:
        return "given_up"
    submission.tries += 1
    if is_right:
        submission.state, submission.is_proven = "received", True
        await count(ctx, form.id, submission.created_at, sent=-1, held=-1)
        _tell(ctx, form, submission.id, submission.title)
    await ctx.session.flush()
    return "given_up" if submission.state == "held" and submission.tries >= TRIES_MAX else submission.state


async def enter(ctx: Ctx, data: SubmissionIn) -> Submission:
    """Store a submission that a member or a program enters; whatever its form's state.

    Emits ``marketing.forms.submission.received``. Raises Invalid with what is wrong with the answers.
    """
    form = await ctx.session.get(Form, data.form_id)
    if form is None or form.deleted_at is not None:
        raise Invalid.field("form_id", "reference", N_("There is no such form."))
    content = queries.published_of(form) or queries.content_of(form)
    sent = {**data.values, **({CONSENT: True} if data.consent else {})}
    answers = read(content, sent, region=ctx.tenant.country or "CN", files={})
    # Whoever enters it says whether consent was given; that it was not is kept as well.
    wrong = [error for error in answers.errors if error.path != CONSENT]
    if wrong:
        raise Invalid(errors=[msgspec.structs.replace(error, path=f"values.{error.path}") for error in wrong])
    evidence = Evidence(nonce=opaque() + opaque(), is_proven=True, page=data.page)
    values = _row(ctx, form, content, answers, evidence)
    submission = Submission(
        **values,
        note=data.note,
        external_id=data.external_id,
        owner_id=ctx.actor.member_id,
        created_by_id=ctx.actor.member_id,
        updated_by_id=ctx.actor.member_id,
    )
    ctx.session.add(submission)
    await ctx.session.flush()
    _tell(ctx, form, submission.id, submission.title)
    return submission


async def note(ctx: Ctx, submission: Submission, patch: SubmissionPatch) -> Submission:
    """Write a note on a submission. Emits ``marketing.forms.submission.updated``."""
    await ctx.require("marketing.submissions.edit", submission)
    made = changes.apply(submission, patch)
    if made:
        submission.updated_by_id = ctx.actor.member_id
        await ctx.session.flush()
        _changed(ctx, submission, changes=made)
    return submission


async def delete(ctx: Ctx, submission: Submission) -> None:
    """Move a submission to the bin; what came of it stays. Emits ``marketing.forms.submission.updated``."""
    await ctx.require("marketing.submissions.delete", submission)
    submission.deleted_at = ctx.now()
    await ctx.session.flush()
    _changed(ctx, submission, reason="deleted")


async def restore(ctx: Ctx, submission: Submission) -> None:
    """Take a submission out of the bin. Emits ``marketing.forms.submission.updated``."""
    await ctx.require("marketing.submissions.delete", submission)
    submission.deleted_at = None
    await ctx.session.flush()
    _changed(ctx, submission, reason="restored")


async def saw(ctx: Ctx, form: PublicForm) -> None:
    """Count that a form was shown to somebody."""
    await count(ctx, form.id, ctx.now(), views=1)


async def count(ctx: Ctx, form_id: UUID, at: datetime, **more: int) -> None:
    """Add to the counts of the day that an instant belongs to."""
    await count_all(ctx, {(form_id, day_of(ctx, at)): more})


async def count_all(ctx: Ctx, counts: Mapping[tuple[UUID, date], Mapping[str, int]]) -> None:
    """Add to the counts of several forms and days, always in the same order."""
    part = randrange(PARTS)  # noqa: S311 - spreads load
    for (form_id, on), more in sorted(counts.items()):
        values = {**dict.fromkeys(COUNTED, 0), **more, "form_id": form_id, "on": on, "part": part}
        await ctx.session.run(_COUNT, values)


def day_of(ctx: Ctx, at: datetime) -> date:
    """The day of the workspace that an instant belongs to."""
    return at.astimezone(ZoneInfo(ctx.tenant.timezone)).date()


def require_open(submission: Submission) -> None:
    """Raise Conflict for a submission whose person must be left alone."""
    if submission.is_restricted:
        raise Conflict(N_("The use of this person's data is restricted."), code="marketing.forms.restricted")


def _tell(ctx: Ctx, form: Form | PublicForm, submission_id: UUID, title: str) -> None:
    ctx.emit(SubmissionReceived(subject_id=submission_id, label=title, form_id=form.id, form=form.name))


def _changed(ctx: Ctx, submission: Submission, **more: Any) -> None:
    event: Event = SubmissionChanged(
        subject_id=submission.id, label=submission.title, form_id=submission.form_id, **more
    )
    ctx.emit(event)
