"""The submissions of one form as rows of a spreadsheet: a column for each question."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from core.sdk import N_, Ctx, cells
from plugins.marketing.forms import queries
from plugins.marketing.forms.answers import shown_value
from plugins.marketing.forms.models import Form, Submission
from plugins.marketing.forms.records import VERDICTS

MOST: Final = 10_000


async def rows(ctx: Ctx, form: Form) -> list[list[str]]:
    """The titles and the newest submissions that the actor may export, the newest first; spam is left out."""
    statement = (
        select(Submission)
        .where(
            Submission.form_id == form.id,
            Submission.state != "spam",
            Submission.is_restricted.is_(False),
            ctx.visible(Submission, "marketing.submissions.export"),
        )
        .order_by(Submission.created_at.desc(), Submission.id.desc())
        .limit(MOST)
    )
    found = (await ctx.session.scalars(statement)).all()
    fields = [one for one in queries.fields_of(form) if one.type != "file"]
    gone = sorted({key for one in found for key in one.values} - {field.key for field in fields})
    states = {choice.value: ctx.t(choice.label) for choice in VERDICTS}
    head = [ctx.t(N_("Received")), ctx.t(N_("Verdict")), *(field.label for field in fields), *gone]
    head += [
        ctx.t(N_("Page")),
        ctx.t(N_("UTM source")),
        ctx.t(N_("Consent given")),
        ctx.t(N_("Consent version")),
    ]
    table = [head]
    for one in found:
        told = [shown_value(f, one.values[f.key], ctx.t) if f.key in one.values else "" for f in fields]
        told += [str(one.values.get(key, "")) for key in gone]
        consent = ctx.t(N_("Yes")) if one.consent_given else ctx.t(N_("No"))
        at = one.created_at.astimezone(ctx.zone).strftime("%Y-%m-%d %H:%M")
        table.append(
            [
                at,
                states[one.state],
                *told,
                one.page or "",
                one.utm_source or "",
                consent,
                str(one.consent_version or ""),
            ]
        )
    return [[cells.neutral(cell) for cell in row] for row in table]
