"""What becomes of a submission: spam, a match with somebody known, or a lead with an owner who is told.

A verdict falls once: repeated, it changes nothing. It never changes a record that exists already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select, text

from core.sdk import (
    LEAD,
    N_,
    AppError,
    Conflict,
    Contact,
    Ctx,
    Customer,
    Lead,
    LeadIn,
    attachments,
    duplicates,
    known_contacts,
    known_customers,
    leads,
    notifications,
    validate,
)
from plugins.marketing.forms import queries
from plugins.marketing.forms.answers import by_target
from plugins.marketing.forms.assignment import owner_of
from plugins.marketing.forms.definition import Content
from plugins.marketing.forms.events import (
    OfSubmission,
    SubmissionAccepted,
    SubmissionMatched,
    SubmissionReceived,
    SubmissionRejected,
)
from plugins.marketing.forms.models import Form, Submission
from plugins.marketing.forms.service_submissions import count, require_open

TELL: Final = "marketing.forms.tell"
TELL_AFTER: Final = timedelta(seconds=20)
LINKS_MAX: Final = 4
REPEATS_MAX: Final = 2
REPEATS_WITHIN: Final = timedelta(minutes=10)
OWN: Final = frozenset({"phone", "mobile", "email"})
"""What tells that somebody is the same; a name that anybody can type does not."""
PROBED: Final = ("name", "company", "phone", "mobile", "email", "city")
REASONS: Final[Mapping[str, str]] = {
    "trap": N_("An input that people do not see was filled in"),
    "too_fast": N_("It was sent faster than anybody types"),
    "links": N_("It holds many links"),
    "repeated": N_("The same was sent again and again"),
    "by_hand": N_("Somebody marked it"),
}
_LINK: Final = re.compile(r"https?://|www\.", re.IGNORECASE)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(1718580836, hashtext(:key))")


class Tell(msgspec.Struct, kw_only=True, frozen=True):
    """Whom to write about what came in; without a member, the addresses that the form or the settings name."""

    member_id: UUID | None = None


class Match(msgspec.Struct, kw_only=True):
    """Somebody who is known already, and whom to tell."""

    lead_id: UUID | None = None
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    owner_id: UUID | None = None


async def judge(ctx: Ctx, event: SubmissionReceived) -> None:
    """Give the verdict on a submission; one that has its verdict keeps it."""
    found = select(Submission).where(Submission.id == event.subject_id).with_for_update()
    submission = await ctx.session.scalar(found)
    if submission is None or submission.state != "received":
        return
    form = await ctx.session.get_one(Form, submission.form_id)
    is_own = submission.created_by_id is not None
    reason = "" if is_own else await _suspicion(ctx, form, submission)
    if reason:
        await _reject(ctx, form, submission, reason)
        return
    await _take(ctx, form, submission)


async def accept(ctx: Ctx, submission: Submission) -> Submission:
    """Overrule a verdict: make the lead, or link whom it came from. Emits ``….accepted`` or ``….matched``."""
    await ctx.require("marketing.submissions.edit", submission)
    await ctx.require("leads.create")
    await ctx.session.refresh(submission, with_for_update=True)
    require_open(submission)
    if submission.state in {"accepted", "duplicate"}:
        raise Conflict(N_("This submission is accepted already."), code="marketing.forms.accepted")
    form = await ctx.session.get_one(Form, submission.form_id)
    await _take(ctx, form, submission)
    return submission


async def mark_spam(ctx: Ctx, submission: Submission) -> Submission:
    """Mark a submission as spam; a lead that came of it stays. Emits ``marketing.forms.submission.rejected``."""
    await ctx.require("marketing.submissions.edit", submission)
    await ctx.session.refresh(submission, with_for_update=True)
    if submission.state != "spam":
        form = await ctx.session.get_one(Form, submission.form_id)
        await _reject(ctx, form, submission, "by_hand")
    return submission


async def _suspicion(ctx: Ctx, form: Form, submission: Submission) -> str:
    """Why a submission is taken for spam, '' where it is not."""
    if submission.is_trapped:
        return "trap"
    if submission.seconds is not None and submission.seconds < form.min_seconds:
        return "too_fast"
    written = " ".join(str(value) for value in submission.values.values())
    if len(_LINK.findall(written)) > LINKS_MAX:
        return "links"
    since = submission.created_at - REPEATS_WITHIN
    repeated = submission.address_mark and await queries.has_repeats(
        ctx, submission, since=since, most=REPEATS_MAX
    )
    return "repeated" if repeated else ""


async def _take(ctx: Ctx, form: Form, submission: Submission) -> None:
    content = queries.published_of(form) or queries.content_of(form)
    draft = _draft(form, content, submission)
    try:
        async with ctx.attempt():
            data = validate.convert(LeadIn, draft, text=True, region=ctx.tenant.country or "CN")
            for key in sorted({value for value in (data.email, data.mobile, data.phone) if value}):
                await ctx.session.execute(_LOCK, {"key": key})
            match = await _known(ctx, data)
            if match is None:
                match = await _new(ctx, form, submission, data)
                await _finish(ctx, form, submission, match, SubmissionAccepted)
            else:
                await _finish(ctx, form, submission, match, SubmissionMatched)
    except AppError as error:
        await ctx.session.refresh(submission)
        told = "; ".join(f"{e.path}: {ctx.t(e.message, **e.params)}" for e in error.errors)
        await _settle(ctx, submission, "error", told or ctx.t(error.detail or error.title, **error.params))


def _draft(form: Form, content: Content, submission: Submission) -> dict[str, Any]:
    """The lead as the answers say; it is called what its submission is called."""
    known: dict[str, Any] = by_target(content.fields, submission.values)
    known["name"] = submission.title
    known["source"] = form.source or form.name
    return known


async def _known(ctx: Ctx, data: LeadIn) -> Match | None:
    """Find who it may be already by the core's rule: a lead, a contact, a customer, the likeliest first."""
    lead_id = next((one.id for one in await duplicates.of(ctx, LEAD, data) if one.id), None)
    if lead_id is not None:
        lead = await ctx.session.get_one(Lead, lead_id)
        return Match(
            lead_id=lead.id, customer_id=lead.customer_id, contact_id=lead.contact_id, owner_id=lead.owner_id
        )
    probe = Lead(**{name: getattr(data, name) for name in PROBED})
    for one in await known_contacts(ctx, probe):
        if one.id is not None and OWN & set(one.matches):
            contact = await ctx.session.get_one(Contact, one.id)
            return Match(contact_id=contact.id, customer_id=contact.customer_id, owner_id=contact.owner_id)
    for one in await known_customers(ctx, probe):
        if one.id is not None and OWN & set(one.matches):
            customer = await ctx.session.get_one(Customer, one.id)
            return Match(customer_id=customer.id, owner_id=customer.owner_id)
    return None


async def _new(ctx: Ctx, form: Form, submission: Submission, data: LeadIn) -> Match:
    data.owner_id = await owner_of(ctx, form, submission.values)
    lead = await leads.create(ctx, data)
    for file in await queries.files_of(ctx, submission.id):
        await attachments.attach(ctx, LEAD, lead, file)  # type: ignore[arg-type]
    return Match(lead_id=lead.id, owner_id=lead.owner_id)


async def _finish(
    ctx: Ctx, form: Form, submission: Submission, match: Match, event: type[OfSubmission]
) -> None:
    is_new = event is SubmissionAccepted
    submission.lead_id, submission.customer_id = match.lead_id, match.customer_id
    submission.contact_id, submission.owner_id = match.contact_id, match.owner_id
    await _settle(ctx, submission, "accepted" if is_new else "duplicate", None)
    near = (("lead", match.lead_id), ("customer", match.customer_id), ("contact", match.contact_id))
    links = tuple((kind, found) for kind, found in near if found is not None)
    _tell(ctx, form, submission, event, links=links, values=submission.values)
    await _inform(ctx, form, submission, links, is_new=is_new)


async def _inform(
    ctx: Ctx, form: Form, submission: Submission, links: Sequence[tuple[str, UUID]], *, is_new: bool
) -> None:
    """Tell whom it concerns, at once on the page and soon by mail; several within seconds make one mail."""
    owner = submission.owner_id
    if owner is not None and owner != ctx.actor.member_id:
        kind, record_id = links[0]
        path = f"/{kind}s/{record_id}"
        params = {"title": submission.title, "actor": form.name}
        await notifications.notify(ctx, [owner], "came" if is_new else "came_again", path=path, params=params)
    if form.notify:
        key = f"{TELL}:{owner or ''}"
        ctx.enqueue(TELL, Tell(member_id=owner), run_at=ctx.now() + TELL_AFTER, key=key)


async def _reject(ctx: Ctx, form: Form, submission: Submission, reason: str) -> None:
    await _settle(ctx, submission, "spam", reason)
    _tell(ctx, form, submission, SubmissionRejected, reason=reason)


async def _settle(ctx: Ctx, submission: Submission, state: str, reason: str | None) -> None:
    before = submission.state
    moved = {"sent": 1} if before == "received" else {before: -1}
    submission.state, submission.reason, submission.judged_at = state, reason, ctx.now()
    submission.updated_by_id = ctx.actor.member_id or submission.updated_by_id
    await ctx.session.flush()
    await count(ctx, submission.form_id, submission.created_at, **{**moved, state: moved.get(state, 0) + 1})


def _tell(ctx: Ctx, form: Form, submission: Submission, event: type[OfSubmission], **more: Any) -> None:
    ctx.emit(event(subject_id=submission.id, label=submission.title, form_id=form.id, form=form.name, **more))
