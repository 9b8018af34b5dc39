"""Reads of forms, of what was sent, and of the counts by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Text, bindparam, cast, func, or_, select, true
from sqlalchemy.orm import aliased

from core.sdk import Ctx, Lead, Member, NotFound, Statement
from plugins.marketing.forms.definition import Content, Field
from plugins.marketing.forms.models import ConsentText, Form, FormDay, Submission, SubmissionFile
from plugins.marketing.forms.schema import StatsOut

DAYS: Final = 30
MOST: Final = 20
MOST_FORMS: Final = 200
COUNT_MOST: Final = 1_000


def fields_of(form: Form) -> list[Field]:
    """The fields of a form's draft."""
    return msgspec.convert(form.fields, list[Field])


def published_of(form: Form) -> Content | None:
    """What visitors see of a form, None before it is first published."""
    return msgspec.convert(form.published, Content) if form.published is not None else None


def content_of(form: Form, consent_version: int = 0) -> Content:
    """What visitors would see of a form's draft."""
    return Content(
        title=form.title or form.name,
        intro=form.intro or "",
        button=form.button or "",
        language=form.language,
        accent=form.accent,
        fields=fields_of(form),
        consent_text=form.consent_text or "",
        consent_version=consent_version,
        consent_required=form.consent_required,
        thanks=form.thanks or "",
        redirect_url=form.redirect_url or "",
    )


def has_changes(form: Form) -> bool:
    """Whether the draft of a published form differs from what visitors see."""
    seen = published_of(form)
    return seen is not None and content_of(form, seen.consent_version) != seen


_PUBLIC: Final = Statement(
    select(
        Form.id,
        Form.name,
        Form.slug,
        Form.state,
        Form.effort,
        Form.per_hour,
        Form.embed_hosts,
        cast(Form.published, Text).label("text"),
    ).where(Form.slug == bindparam("slug"), Form.published.is_not(None), Form.deleted_at.is_(None))
)


class PublicForm(Protocol):
    """What the public pages of a form need of it; ``text`` is what was published, as it is stored."""

    id: UUID
    name: str
    slug: str
    state: str
    effort: str
    per_hour: int
    embed_hosts: list[str]
    text: str


@lru_cache(256)
def _content(stored: str) -> Content:
    return msgspec.json.decode(stored, type=Content)


async def by_slug(ctx: Ctx, slug: str) -> tuple[PublicForm, Content]:
    """Read a form that was published at some time, and what visitors see of it; raises NotFound."""
    found = await ctx.session.run(_PUBLIC, {"slug": slug})
    if not found:
        raise NotFound
    return found[0], _content(found[0].text)


async def forms_of(ctx: Ctx, submissions: Sequence[Submission]) -> dict[UUID, Form]:
    """The forms by which these were sent, deleted ones included, by id."""
    wanted = {one.form_id for one in submissions}
    found = await ctx.session.scalars(
        select(Form).where(Form.id.in_(wanted)), execution_options={"include_deleted": True}
    )
    return {form.id: form for form in found}


async def is_taken(ctx: Ctx, slug: str, *, but: UUID | None = None) -> bool:
    """Whether another form has this address."""
    found = select(Form.id).where(Form.slug == slug)
    return await ctx.session.scalar(found if but is None else found.where(Form.id != but)) is not None


async def slugs_like(ctx: Ctx, slug: str) -> set[str]:
    """The addresses of forms that begin with these letters."""
    return set(
        await ctx.session.scalars(select(Form.slug).where(Form.slug.startswith(slug, autoescape=True)))
    )


async def last_consent(ctx: Ctx, form_id: UUID) -> ConsentText | None:
    """The newest consent text of a form."""
    found = select(ConsentText).where(ConsentText.form_id == form_id).order_by(ConsentText.number.desc())
    return await ctx.session.scalar(found.limit(1))


async def files_of(ctx: Ctx, *submission_ids: UUID) -> Sequence[SubmissionFile]:
    """The files that came with submissions."""
    found = select(SubmissionFile).where(SubmissionFile.submission_id.in_(submission_ids))
    return (await ctx.session.scalars(found.order_by(SubmissionFile.field, SubmissionFile.id))).all()


async def stats(ctx: Ctx, form_id: UUID, *, days: int = DAYS) -> StatsOut:
    """Sum the counts of a form's last days."""
    since = ctx.today() - timedelta(days=days - 1)
    names = ("views", "sent", "accepted", "duplicate", "held", "spam", "error")
    sums = [func.coalesce(func.sum(getattr(FormDay, name)), 0) for name in names]
    row = (
        await ctx.session.execute(select(*sums).where(FormDay.form_id == form_id, FormDay.on >= since))
    ).one()
    views, sent, accepted, duplicate, held, spam, error = (int(value) for value in row)
    return StatsOut(
        days=days,
        views=views,
        submissions=sent,
        accepted=accepted,
        duplicate=duplicate,
        held=held,
        spam=spam,
        error=error,
        rate=round(min(1.0, sent / views), 4) if views else None,
    )


async def by_day(ctx: Ctx, form_id: UUID, *, days: int = DAYS) -> list[tuple[date, int, int]]:
    """The views and submissions of a form's last days, every day of them."""
    since = ctx.today() - timedelta(days=days - 1)
    statement = (
        select(FormDay.on, func.sum(FormDay.views), func.sum(FormDay.sent))
        .where(FormDay.form_id == form_id, FormDay.on >= since)
        .group_by(FormDay.on)
    )
    known = {row[0]: (int(row[1]), int(row[2])) for row in await ctx.session.execute(statement)}
    every = [since + timedelta(days=number) for number in range(days)]
    return [(on, *known.get(on, (0, 0))) for on in every]


def about(record_type: str, record_id: Any) -> Any:
    """The condition for submissions that led to a record, or to a lead that became it."""
    if record_type == "lead":
        return Submission.lead_id == record_id
    own = Submission.customer_id if record_type == "customer" else Submission.contact_id
    its = Lead.customer_id if record_type == "customer" else Lead.contact_id
    return or_(own == record_id, Submission.lead_id.in_(select(Lead.id).where(its == record_id)))


async def of_record(ctx: Ctx, record_type: str, record_id: UUID) -> list[tuple[Submission, str]]:
    """The latest submissions about a record, each with its form's name."""
    statement = (
        select(Submission, Form.name)
        .join(Form, Form.id == Submission.form_id)
        .where(about(record_type, record_id), Submission.is_restricted.is_(False))
        .order_by(Submission.created_at.desc(), Submission.id.desc())
        .limit(MOST)
        .execution_options(include_deleted=False)
    )
    return [(row[0], row[1]) for row in await ctx.session.execute(statement)]


async def form_choices(ctx: Ctx) -> list[tuple[str, str]]:
    """All forms by name, to choose from."""
    statement = select(Form.id, Form.name).order_by(Form.name, Form.id).limit(MOST_FORMS)
    return [(str(row[0]), row[1]) for row in await ctx.session.execute(statement)]


async def members(ctx: Ctx) -> list[tuple[str, str]]:
    """The active members by name, to choose from."""
    statement = select(Member.id, Member.name).where(Member.active).order_by(Member.name).limit(MOST_FORMS)
    return [(str(row[0]), row[1]) for row in await ctx.session.execute(statement)]


async def this_week(ctx: Ctx) -> tuple[list[tuple[UUID, str, int]], int]:
    """The forms that were sent in the last seven days with how often, most first, and how many wait."""
    since = ctx.today() - timedelta(days=6)
    sent = func.sum(FormDay.sent)
    statement = (
        select(Form.id, Form.name, sent)
        .join(FormDay, FormDay.form_id == Form.id)
        .where(FormDay.on >= since)
        .group_by(Form.id, Form.name)
        .having(sent > 0)
        .order_by(sent.desc(), Form.name)
        .limit(5)
    )
    rows = [(row[0], row[1], int(row[2])) for row in await ctx.session.execute(statement)]
    waiting = select(Submission.id).where(
        Submission.state.in_(("held", "error")), ctx.visible(Submission, "marketing.submissions.view")
    )
    counted = await ctx.session.scalar(select(func.count()).select_from(waiting.limit(COUNT_MOST).subquery()))
    return rows, int(counted or 0)


async def repeated(
    ctx: Ctx, submissions: Sequence[Submission], *, within: timedelta, most: int
) -> frozenset[UUID]:
    """Which of these are the same answers from the same place as at least so many before them."""
    earlier = aliased(Submission)
    same = (
        select(earlier.id)
        .where(
            earlier.form_id == Submission.form_id,
            earlier.digest == Submission.digest,
            earlier.address_mark == Submission.address_mark,
            earlier.created_at >= Submission.created_at - within,
            earlier.id < Submission.id,
        )
        .limit(most)
        .correlate(Submission)
        .lateral()
    )
    found = (
        select(Submission.id)
        .join(same, true())
        .where(Submission.id.in_([one.id for one in submissions]))
        .group_by(Submission.id)
        .having(func.count() >= most)
    )
    return frozenset(await ctx.session.scalars(found))
