"""What forms hold about a person: found by the records that came of it, and by address and number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from core.sdk import N_, Ctx, Person, PersonalData, hookimpl
from plugins.marketing.forms.models import Form, Submission, SubmissionFile
from plugins.marketing.forms.queries import about
from plugins.marketing.forms.records import SUBMISSION

MOST = 10_000
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
BLANK = dict.fromkeys(
    (
        "email",
        "phone",
        "note",
        "external_id",
        "page",
        "referrer",
        "address_mark",
        "reason",
        "consent_text",
        *UTM,
    )
)


def _whose(person: Person) -> Any:
    ways: list[Any] = [Submission.email.in_(person.emails), Submission.phone.in_(person.phones)]
    for kind in ("lead", "customer", "contact"):
        ways += [about(kind, record_id) for record_id in person.own(kind)]
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


async def export_files(ctx: Ctx, person: Person) -> Sequence[Mapping[str, Any]]:
    """Give the files that a person sent."""
    sent = select(Submission.id).where(_whose(person))
    wanted = select(SubmissionFile).where(SubmissionFile.submission_id.in_(sent)).order_by(SubmissionFile.id)
    found = await ctx.session.scalars(wanted.limit(MOST).execution_options(include_deleted=True))
    return [
        {"field": one.field, "name": one.name, "media_type": one.media_type, "sha256": one.sha256}
        for one in found
    ]


async def records(ctx: Ctx, person: Person) -> Sequence[tuple[str, UUID]]:
    """Name a person's submissions."""
    ids = select(Submission.id).where(_whose(person)).execution_options(include_deleted=True)
    return [(SUBMISSION.key, one) for one in await ctx.session.scalars(ids)]


async def erase(ctx: Ctx, person: Person) -> Sequence[str]:
    """Blank a person's submissions and forget their files; that something was sent stays counted."""
    ids = select(Submission.id).where(_whose(person)).execution_options(include_deleted=True)
    found = list(await ctx.session.scalars(ids))
    gone = delete(SubmissionFile).where(SubmissionFile.submission_id.in_(found))
    digests = list(await ctx.session.scalars(gone.returning(SubmissionFile.sha256)))
    form = select(Form.name).where(Form.id == Submission.form_id).scalar_subquery()
    blank = update(Submission).where(Submission.id.in_(found)).execution_options(include_deleted=True)
    await ctx.session.execute(
        blank.values(
            **BLANK, title=form, values={}, digest="", updated_at=ctx.now(), version=Submission.version + 1
        )
    )
    return digests


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
        records=records,
    ),
    PersonalData(
        key="marketing-forms-files", title=N_("Files sent with forms"), export=export_files, erase=erase
    ),
]


@hookimpl
def crm_personal_data() -> list[PersonalData]:
    """What people sent."""
    return PERSONAL_DATA
