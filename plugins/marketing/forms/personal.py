"""What forms hold about a person: found by the records that came of it, and by address and number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, or_, select, update

from core.sdk import N_, Ctx, Person, PersonalData, hookimpl
from plugins.marketing.forms.models import Form, Submission, SubmissionFile
from plugins.marketing.forms.queries import about

MOST = 10_000
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
BLANK = dict.fromkeys(
    ("email", "phone", "note", "page", "referrer", "address_mark", "reason", "consent_text", *UTM)
)


def _whose(person: Person) -> Any:
    ways: list[Any] = [Submission.email.in_(person.emails), Submission.phone.in_(person.phones)]
    if person.record_type in {"lead", "customer", "contact"}:
        ways.append(about(person.record_type, person.record_id))
    return or_(*ways)


async def export(ctx: Ctx, person: Person) -> Sequence[Mapping[str, Any]]:
    """Give every submission of a person with its answers and the consent that was given."""
    statement = (
        select(Submission, Form.name)
        .join(Form, Form.id == Submission.form_id)
        .where(_whose(person))
        .order_by(Submission.created_at)
        .limit(MOST)
        .execution_options(include_deleted=True)
    )
    return [
        {
            "form": name,
            "sent_at": one.created_at.isoformat(),
            "answers": one.values,
            "consent_given": one.consent_given,
            "consent_version": one.consent_version,
            "consent_text": one.consent_text,
            "page": one.page,
            "referrer": one.referrer,
        }
        for one, name in await ctx.session.execute(statement)
    ]


async def erase(ctx: Ctx, person: Person) -> None:
    """Blank a person's submissions and forget their files; that something was sent stays counted."""
    ids = select(Submission.id).where(_whose(person)).execution_options(include_deleted=True)
    found = list(await ctx.session.scalars(ids))
    await ctx.session.execute(delete(SubmissionFile).where(SubmissionFile.submission_id.in_(found)))
    form = select(Form.name).where(Form.id == Submission.form_id).scalar_subquery()
    blank = update(Submission).where(Submission.id.in_(found)).execution_options(include_deleted=True)
    await ctx.session.execute(
        blank.values(
            **BLANK, title=form, values={}, digest="", updated_at=ctx.now(), version=Submission.version + 1
        )
    )


async def restrict(ctx: Ctx, person: Person, is_restricted: bool) -> None:
    """Keep a person's submissions out of lists, exports and verdicts, or let them in again."""
    ids = select(Submission.id).where(_whose(person)).execution_options(include_deleted=True)
    found = list(await ctx.session.scalars(ids))
    changed = update(Submission).where(Submission.id.in_(found))
    await ctx.session.execute(
        changed.values(is_restricted=is_restricted, updated_at=ctx.now(), version=Submission.version + 1)
    )


PERSONAL_DATA = [
    PersonalData(
        key="marketing-forms-submissions",
        title=N_("Form submissions"),
        export=export,
        erase=erase,
        restrict=restrict,
    )
]


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """What people sent."""
    return PERSONAL_DATA
