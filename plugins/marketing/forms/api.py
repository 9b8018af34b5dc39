"""The API of forms beyond what every record type has: publish, close, counts, verdicts."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Controller, Ctx, Response, get, lists, post
from plugins.marketing.forms import queries, service, service_verdict
from plugins.marketing.forms.records import FORM, SUBMISSION, form_out, submission_out
from plugins.marketing.forms.schema import FormOut, StatsOut, SubmissionOut


class FormApi(Controller):
    """What is done with one form."""

    path = "/forms/{record_id:uuid}"
    tags = ("Web forms",)

    @post("/publish", permission="marketing.forms.edit")
    async def publish(self, ctx: Ctx, record_id: UUID) -> Response[FormOut]:
        """Let visitors see the form as its draft is now."""
        form = await lists.get(ctx, FORM, record_id, action="edit")
        return Response(form_out(await service.publish(ctx, form)))

    @post("/close", permission="marketing.forms.edit")
    async def close(self, ctx: Ctx, record_id: UUID) -> Response[FormOut]:
        """Take no more submissions."""
        form = await lists.get(ctx, FORM, record_id, action="edit")
        return Response(form_out(await service.close(ctx, form)))

    @get("/stats", permission="marketing.forms.view")
    async def stats(self, ctx: Ctx, record_id: UUID) -> Response[StatsOut]:
        """Count what happened in the last 30 days."""
        form = await lists.get(ctx, FORM, record_id)
        return Response(await queries.stats(ctx, form.id))


class SubmissionApi(Controller):
    """The verdicts that people give."""

    path = "/submissions/{record_id:uuid}"
    tags = ("Web forms",)

    @post("/accept", permission="marketing.submissions.edit")
    async def accept(self, ctx: Ctx, record_id: UUID) -> Response[SubmissionOut]:
        """Make a lead of a submission whatever its verdict was."""
        submission = await lists.get(ctx, SUBMISSION, record_id, action="edit")
        return Response(submission_out(await service_verdict.accept(ctx, submission)))

    @post("/spam", permission="marketing.submissions.edit")
    async def spam(self, ctx: Ctx, record_id: UUID) -> Response[SubmissionOut]:
        """Mark a submission as spam."""
        submission = await lists.get(ctx, SUBMISSION, record_id, action="edit")
        return Response(submission_out(await service_verdict.mark_spam(ctx, submission)))
