"""The page of a submission: what was sent, how, and what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.sdk import (
    N_,
    Controller,
    Ctx,
    NotFound,
    Request,
    Response,
    Stream,
    files,
    get,
    lists,
    post,
    record_page,
    redirect,
    toast,
)
from plugins.marketing.forms import queries, service_verdict
from plugins.marketing.forms.answers import pairs
from plugins.marketing.forms.models import Form, Submission, SubmissionFile
from plugins.marketing.forms.records import SUBMISSION, VERDICTS
from plugins.marketing.forms.service_verdict import REASONS

Any_ = Request[Any, Any, Any]


def _place(ctx: Ctx, record_id: UUID) -> str:
    return ctx.w(f"/marketing/forms/submissions/{record_id}")


class SubmissionPages(Controller):
    """One submission."""

    path = "/submissions/{record_id:uuid}"
    include_in_schema = False

    @get("/", permission="marketing.submissions.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show a submission."""
        submission: Submission = await lists.get(ctx, SUBMISSION, record_id, deleted=True)
        form = await ctx.session.get_one(
            Form, submission.form_id, execution_options={"include_deleted": True}
        )
        content = queries.published_of(form) or queries.content_of(form)
        return await record_page(
            ctx,
            request,
            ctx.machinery.registry.records[SUBMISSION.key],
            submission,
            template="marketing_forms/submission.html",
            form=form,
            answers=pairs(content.fields, submission.values, ctx.t),
            files=[] if submission.is_restricted else await queries.files_of(ctx, submission.id),
            verdicts=[(choice.value, choice.label, choice.tone) for choice in VERDICTS],
            reason=ctx.t(REASONS.get(submission.reason or "", submission.reason or "")),
        )

    @post("/accept", permission="marketing.submissions.edit")
    async def accept(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Make a lead of it whatever the verdict was."""
        submission = await lists.get(ctx, SUBMISSION, record_id, action="edit")
        await service_verdict.accept(ctx, submission)
        texts = {
            "accepted": N_("{name} is a lead now."),
            "duplicate": N_("{name} is known already. The submission stands there now."),
        }
        text = ctx.t(texts.get(submission.state, N_("That did not work: {name}")), name=submission.title)
        tone = "success" if submission.state in texts else "bad"
        return toast(redirect(request, _place(ctx, record_id)), text, tone=tone)

    @post("/spam", permission="marketing.submissions.edit")
    async def spam(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Mark it as spam."""
        submission = await lists.get(ctx, SUBMISSION, record_id, action="edit")
        await service_verdict.mark_spam(ctx, submission)
        return toast(redirect(request, _place(ctx, record_id)), ctx.t(N_("Marked as spam.")))

    @get("/files/{file_id:uuid}", permission="marketing.submissions.view")
    async def download(self, ctx: Ctx, record_id: UUID, file_id: UUID) -> Stream:
        """Send a file that came with it, as an attachment that no browser runs."""
        submission = await lists.get(ctx, SUBMISSION, record_id)
        file = await ctx.session.get(SubmissionFile, file_id)
        if file is None or file.submission_id != submission.id or submission.is_restricted:
            raise NotFound
        store = ctx.machinery.files
        store.path(ctx.tenant.schema, file.sha256)
        headers = files.download_headers(file.name, file.media_type)
        media_type = headers.pop("Content-Type")
        return Stream(store.open(ctx.tenant.schema, file.sha256), media_type=media_type, headers=headers)
