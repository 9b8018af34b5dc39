"""The jobs of web forms: mail to whom a submission concerns, and clearing spam away."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any, Final

import msgspec
from sqlalchemy import delete, select

from core.sdk import N_, Ctx, JobRun, JobSpec, Member, Message, hookimpl
from plugins.marketing.forms import queries
from plugins.marketing.forms.answers import pairs
from plugins.marketing.forms.models import Form, Submission
from plugins.marketing.forms.service import PLUGIN
from plugins.marketing.forms.service_verdict import TELL, Tell

CLEAR: Final = "marketing.forms.clear"
MOST: Final = 1_000
SHOWN: Final = 10
CLEARED: Final = 500


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


async def tell(run: JobRun) -> None:
    """Write one mail about all that came in for somebody and is not told yet.

    What it says is kept with the step that marks it as told, so that a failed sending is tried again.
    """
    for number in count():
        await run.step(f"collect-{number}", _collect, run)
        if run.state.get("found", 0) < MOST:
            break
    async with run.open() as ctx:
        mailer, workspace = ctx.machinery.mailer, ctx.tenant
    for number, mail in enumerate(run.state.get("mails", ())):
        key = f"{run.id}:{number}"
        await mailer.send(Message(**{**mail, "to": (mail["to"],)}, workspace=workspace, key=key))


async def _collect(ctx: Ctx, run: JobRun) -> None:
    owner_id = run.params.member_id
    whose = Submission.owner_id == owner_id if owner_id else Submission.owner_id.is_(None)
    statement = (
        select(Submission)
        .where(whose, Submission.told_at.is_(None), Submission.state.in_(("accepted", "duplicate")))
        .order_by(Submission.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    found = list(await ctx.session.scalars(statement))
    owner = await ctx.session.get(Member, owner_id) if owner_id else None
    forms = await queries.forms_of(ctx, found)
    told = [one for one in found if forms[one.form_id].notify and forms[one.form_id].deleted_at is None]
    for one in found:
        one.told_at = ctx.now()
    await ctx.session.flush()
    locale = (owner.locale if owner else None) or ctx.tenant.locale
    mails = []
    for to, some in _readers(ctx, owner, told, forms).items():
        subject, text = _written(ctx, some, forms, locale)
        mails.append({"to": to, "subject": subject, "text": text})
    run.state["found"] = len(found)
    run.state["mails"] = [*run.state.get("mails", ()), *mails]


def _readers(
    ctx: Ctx, owner: Member | None, told: list[Submission], forms: dict[Any, Form]
) -> dict[str, list[Submission]]:
    """Who reads of what: the owner of all, the address that a form names of what came by that form alone."""
    own = owner.email if owner is not None and owner.active else None
    fallback = None if own else ctx.settings(PLUGIN).notify_email
    found: dict[str, list[Submission]] = {}
    for one in told:
        for to in {own, forms[one.form_id].notify_email or fallback} - {None, ""}:
            found.setdefault(str(to), []).append(one)
    return found


def _written(ctx: Ctx, told: list[Submission], forms: dict[Any, Form], locale: str) -> tuple[str, str]:
    """The mail's subject and text in the reader's language."""
    translator = ctx.machinery.translator(locale)
    t = translator.gettext
    first = told[0]
    if len(told) == 1:
        form = forms[first.form_id].name
        name = t(N_("no name")) if first.title == form else first.title
        subject = t(N_("{form}: {name}"), form=form, name=name)
    else:
        subject = t(N_("{count} forms were sent"), count=len(told))
    parts = [_part(ctx, one, forms[one.form_id], t) for one in told[:SHOWN]]
    if len(told) > SHOWN:
        parts.append(t(N_("and {count} more"), count=len(told) - SHOWN))
    return "".join(mark for mark in subject if mark.isprintable())[:200], "\n\n".join(parts)


def _part(ctx: Ctx, one: Submission, form: Form, t: Any) -> str:
    fields = (queries.published_of(form) or queries.content_of(form)).fields
    lines = [f"{title}: {value}" for title, value in pairs(fields, one.values, t)]
    known = t(N_("This person is known already. Nothing was changed.")) if one.state == "duplicate" else ""
    machinery: Any = ctx.machinery
    url = f"{machinery.settings.public_url}{ctx.w(f'/marketing/forms/submissions/{one.id}')}"
    heading = ": ".join(dict.fromkeys((form.name, one.title)))
    return "\n".join(filter(None, (heading, *lines, known, url)))


async def clear(run: JobRun) -> None:
    """Remove spam that is older than the workspace wants to keep it; some in each step."""
    for number in count():
        await run.step(f"clear-{number}", _clear_some, run)
        if run.state.get("cleared", 0) < CLEARED:
            return


async def _clear_some(ctx: Ctx, run: JobRun) -> None:
    before = ctx.now() - timedelta(days=ctx.settings(PLUGIN).keep_spam_days)
    old = (
        select(Submission.id)
        .where(Submission.state == "spam", Submission.created_at < before)
        .limit(CLEARED)
        .execution_options(include_deleted=True)
    )
    ids = list(await ctx.session.scalars(old))
    await ctx.session.execute(delete(Submission).where(Submission.id.in_(ids)))
    run.state["cleared"] = len(ids)


JOBS: Final = [
    JobSpec(name=TELL, handler=tell, params=Tell, title=N_("Tell who sent a form"), kind="mail", retries=8),
    JobSpec(
        name=CLEAR,
        handler=clear,
        params=Nothing,
        title=N_("Remove old spam"),
        kind="scheduled",
        every_s=86_400,
    ),
]


@hookimpl
def crm_jobs() -> list[JobSpec]:
    """Mail to owners, and clearing spam away."""
    return JOBS
