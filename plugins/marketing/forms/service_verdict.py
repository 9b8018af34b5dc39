"""What becomes of a submission: spam, a match with somebody known, or a lead with an owner who is told.

A verdict falls once: repeated, it changes nothing. It never changes a record that exists already.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select, text

from core.sdk import (
    LEAD,
    N_,
    AppError,
    Conflict,
    Ctx,
    LeadIn,
    attachments,
    erased_among,
    leads,
    notifications,
    validate,
)
from plugins.marketing.forms import queries
from plugins.marketing.forms.answers import by_target
from plugins.marketing.forms.assignment import owners_of
from plugins.marketing.forms.events import (
    OfSubmission,
    SubmissionAccepted,
    SubmissionMatched,
    SubmissionReceived,
    SubmissionRejected,
)
from plugins.marketing.forms.matching import Draft, Match, keys, known, waves
from plugins.marketing.forms.models import Form, Submission
from plugins.marketing.forms.service_submissions import count_all, day_of, require_open

TELL: Final = "marketing.forms.tell"
TELL_AFTER: Final = timedelta(seconds=20)
LINKS_MAX: Final = 4
REPEATS_MAX: Final = 2
REPEATS_WITHIN: Final = timedelta(minutes=10)
REASONS: Final[Mapping[str, str]] = {
    "trap": N_("An input that people do not see was filled in"),
    "too_fast": N_("It was sent faster than anybody types"),
    "links": N_("It holds many links"),
    "repeated": N_("The same was sent again and again"),
    "by_hand": N_("Somebody marked it"),
    "erased": N_("This person was erased on request. Accept it only if they want to be known again."),
}
_LINK: Final = re.compile(r"https?://|www\.", re.IGNORECASE)
# In one order for everybody, whatever the keys.
_LOCK: Final = text("""
SELECT pg_advisory_xact_lock(1718580836, lock)
FROM (SELECT DISTINCT hashtext(key) AS lock FROM unnest(CAST(:keys AS text[])) AS k (key) ORDER BY lock) AS locks
""")
Forms = Mapping[UUID, Form]


class Tell(msgspec.Struct, kw_only=True, frozen=True):
    """Whom to write about what came in; without a member, the addresses that the form or the settings name."""

    member_id: UUID | None = None


async def judge(ctx: Ctx, events: Sequence[SubmissionReceived]) -> None:
    """Give the verdict on submissions; one that has its verdict keeps it."""
    await judge_all(ctx, [event.subject_id for event in events])


async def judge_all(ctx: Ctx, submission_ids: Sequence[UUID]) -> None:
    """Give the verdict on those of these submissions that wait for it."""
    chosen = select(Submission).where(Submission.id.in_(submission_ids), Submission.state == "received")
    waiting = list(await ctx.session.scalars(chosen.order_by(Submission.id).with_for_update()))
    if not waiting:
        return
    forms = await queries.forms_of(ctx, waiting)
    marked = [one for one in waiting if one.address_mark and one.created_by_id is None]
    repeated = await queries.repeated(ctx, marked, within=REPEATS_WITHIN, most=REPEATS_MAX) if marked else ()
    believed = []
    for one in waiting:
        is_own = one.created_by_id is not None
        reason = "" if is_own else _suspicion(forms[one.form_id], one, is_repeated=one.id in repeated)
        if reason:
            _reject(ctx, forms[one.form_id], one, reason)
        else:
            believed.append(one)
    await _take(ctx, forms, believed)
    await _count(ctx, [(one, "received") for one in waiting])


async def accept(ctx: Ctx, submission: Submission) -> Submission:
    """Overrule a verdict: make the lead, or link whom it came from. Emits ``….accepted`` or ``….matched``."""
    await ctx.require("marketing.submissions.edit", submission)
    await ctx.require("leads.create")
    await ctx.session.refresh(submission, with_for_update=True)
    require_open(submission)
    if submission.state in {"accepted", "duplicate"}:
        raise Conflict(N_("This submission is accepted already."), code="marketing.forms.accepted")
    before = submission.state
    await _take(ctx, await queries.forms_of(ctx, [submission]), [submission], by_hand=True)
    await _count(ctx, [(submission, before)])
    return submission


async def mark_spam(ctx: Ctx, submission: Submission) -> Submission:
    """Mark a submission as spam; a lead that came of it stays. Emits ``marketing.forms.submission.rejected``."""
    await ctx.require("marketing.submissions.edit", submission)
    await ctx.session.refresh(submission, with_for_update=True)
    if submission.state != "spam":
        form = await ctx.session.get_one(Form, submission.form_id)
        before = submission.state
        _reject(ctx, form, submission, "by_hand")
        await _count(ctx, [(submission, before)])
    return submission


def _suspicion(form: Form, submission: Submission, *, is_repeated: bool) -> str:
    """Why a submission is taken for spam, '' where it is not."""
    if submission.is_trapped:
        return "trap"
    if submission.seconds is not None and submission.seconds < form.min_seconds:
        return "too_fast"
    written = " ".join(str(value) for value in submission.values.values())
    if len(_LINK.findall(written)) > LINKS_MAX:
        return "links"
    return "repeated" if is_repeated else ""


async def _take(ctx: Ctx, forms: Forms, submissions: Sequence[Submission], *, by_hand: bool = False) -> None:
    """Make leads of submissions, or link whom they came from; what is wrong with one is noted on it alone."""
    drafts: list[Draft] = []
    for one in submissions:
        try:
            drafts.append((one, _draft(ctx, forms[one.form_id], one)))
        except AppError as error:
            _refuse(ctx, one, error)
    locks = sorted({key for _, data in drafts for key in keys(data)})
    if locks:
        await ctx.session.execute(_LOCK, {"keys": locks})
    for wave in waves(drafts if by_hand else await _without_erased(ctx, drafts)):
        await _take_wave(ctx, forms, wave)


async def _without_erased(ctx: Ctx, drafts: list[Draft]) -> list[Draft]:
    """Leave those for somebody to decide whose person was erased on request and is not known again since."""
    erased = await erased_among(ctx, [key for _, data in drafts for key in keys(data)])
    named = [draft for draft in drafts if erased & set(keys(draft[1]))]
    matches = await known(ctx, [data for _, data in named]) if named else []
    left = {one.id for (one, _), match in zip(named, matches, strict=True) if match is None}
    for one, _ in drafts:
        if one.id in left:
            _settle(ctx, one, "error", "erased")
    return [draft for draft in drafts if draft[0].id not in left]


async def _take_wave(ctx: Ctx, forms: Forms, wave: Sequence[Draft]) -> None:
    try:
        async with ctx.attempt():
            await _take_together(ctx, forms, wave)
    except AppError as error:
        for submission, _ in wave:
            await ctx.session.refresh(submission)
        if len(wave) == 1:
            _refuse(ctx, wave[0][0], error)
            return
        for draft in wave:
            await _take_wave(ctx, forms, [draft])


async def _take_together(ctx: Ctx, forms: Forms, wave: Sequence[Draft]) -> None:
    matches = await known(ctx, [data for _, data in wave])
    fresh = [draft for draft, match in zip(wave, matches, strict=True) if match is None]
    made = iter(await _new(ctx, forms, fresh))
    told: set[UUID | None] = set()
    for (submission, _), match in zip(wave, matches, strict=True):
        form = forms[submission.form_id]
        await _finish(ctx, form, submission, match or next(made), is_new=match is None)
        if form.notify:
            told.add(submission.owner_id)
    for owner_id in sorted(told, key=str):
        key = f"{TELL}:{owner_id or ''}"
        ctx.enqueue(TELL, Tell(member_id=owner_id), run_at=ctx.now() + TELL_AFTER, key=key)
    await ctx.session.flush()


def _refuse(ctx: Ctx, submission: Submission, error: AppError) -> None:
    told = "; ".join(f"{e.path}: {ctx.t(e.message, **e.params)}" for e in error.errors)
    _settle(ctx, submission, "error", told or ctx.t(error.detail or error.title, **error.params))


def _draft(ctx: Ctx, form: Form, submission: Submission) -> LeadIn:
    """The lead as the answers say; it is called what its submission is called."""
    content = queries.published_of(form) or queries.content_of(form)
    known: dict[str, Any] = by_target(content.fields, submission.values)
    known["name"] = submission.title
    known["source"] = form.source or form.name
    return validate.convert(LeadIn, known, text=True, region=ctx.tenant.country or "CN")


async def _new(ctx: Ctx, forms: Forms, drafts: Sequence[Draft]) -> list[Match]:
    if not drafts:
        return []
    for form_id in sorted({submission.form_id for submission, _ in drafts}):
        own = [draft for draft in drafts if draft[0].form_id == form_id]
        owners = await owners_of(ctx, forms[form_id], [submission.values for submission, _ in own])
        for (_, data), owner_id in zip(own, owners, strict=True):
            data.owner_id = owner_id
    made = await leads.create_many(ctx, [data for _, data in drafts])
    by_submission = {submission.id: lead for (submission, _), lead in zip(drafts, made, strict=True)}
    for file in await queries.files_of(ctx, *by_submission):
        await attachments.attach(ctx, LEAD, by_submission[file.submission_id], file)  # type: ignore[arg-type]
    return [Match(lead_id=lead.id, owner_id=lead.owner_id) for lead in made]


async def _finish(ctx: Ctx, form: Form, submission: Submission, match: Match, *, is_new: bool) -> None:
    submission.lead_id, submission.customer_id = match.lead_id, match.customer_id
    submission.contact_id, submission.owner_id = match.contact_id, match.owner_id
    _settle(ctx, submission, "accepted" if is_new else "duplicate", None)
    near = (("lead", match.lead_id), ("customer", match.customer_id), ("contact", match.contact_id))
    links = tuple((kind, found) for kind, found in near if found is not None)
    event = SubmissionAccepted if is_new else SubmissionMatched
    _tell(ctx, form, submission, event, links=links, values=submission.values)
    owner = submission.owner_id
    if owner is not None and owner != ctx.actor.member_id:
        kind, record_id = links[0]
        path = f"/{kind}s/{record_id}"
        params = {"title": submission.title, "actor": form.name}
        await notifications.notify(ctx, [owner], "came" if is_new else "came_again", path=path, params=params)


def _reject(ctx: Ctx, form: Form, submission: Submission, reason: str) -> None:
    _settle(ctx, submission, "spam", reason)
    _tell(ctx, form, submission, SubmissionRejected, reason=reason)


def _settle(ctx: Ctx, submission: Submission, state: str, reason: str | None) -> None:
    submission.state, submission.reason, submission.judged_at = state, reason, ctx.now()
    submission.updated_by_id = ctx.actor.member_id or submission.updated_by_id


async def _count(ctx: Ctx, moved: Iterable[tuple[Submission, str]]) -> None:
    """Write the verdicts, and count them on the days of what was sent."""
    await ctx.session.flush()
    counts: dict[tuple[UUID, date], Counter[str]] = defaultdict(Counter)
    for submission, before in moved:
        own = counts[submission.form_id, day_of(ctx, submission.created_at)]
        own.update({"sent": 1} if before == "received" else {before: -1})
        own[submission.state] += 1
    await count_all(ctx, counts)


def _tell(ctx: Ctx, form: Form, submission: Submission, event: type[OfSubmission], **more: Any) -> None:
    ctx.emit(event(subject_id=submission.id, label=submission.title, form_id=form.id, form=form.name, **more))
