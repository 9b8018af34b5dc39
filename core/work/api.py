"""The API of jobs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response
from litestar.params import QueryParameter

from core.kernel.jobs import JobRunRow
from core.tenancy.ctx import Ctx
from core.web.request import SIGNED_IN
from core.web.routing import get, post
from core.work import queries, service
from core.work.schema import JobList, JobOut

State = Annotated[str, QueryParameter(name="state")]


class JobApi(Controller):
    """Jobs for programs: one's own, with the right to it everybody's."""

    path = "/jobs"
    tags = ["Jobs"]  # noqa: RUF012 - the framework's own attribute

    @get("/", permission=SIGNED_IN)
    async def list_jobs(
        self, ctx: Ctx, only: State = "", after: UUID | None = None, limit: int = 50
    ) -> Response[JobList]:
        """List jobs, newest first; ``state`` may be active, done, failed or cancelled."""
        most = max(1, min(limit, 200))
        found = await queries.newest(ctx, state=only[:20], before=after, limit=most)
        following = str(found[-1].id) if len(found) == most else None
        return Response(JobList(data=[out(run) for run in found], next=following))

    @get("/{job_id:uuid}", permission=SIGNED_IN)
    async def get_job(self, ctx: Ctx, job_id: UUID) -> Response[JobOut]:
        """Show how far a job is."""
        return Response(out(await queries.get(ctx, job_id)))

    @post("/{job_id:uuid}/cancel", permission="jobs.edit")
    async def cancel_job(self, ctx: Ctx, job_id: UUID) -> Response[JobOut]:
        """Stop a job before its next step."""
        return Response(out(await service.cancel(ctx, job_id)))

    @post("/{job_id:uuid}/replay", permission="jobs.edit")
    async def replay_job(self, ctx: Ctx, job_id: UUID) -> Response[JobOut]:
        """Have a failed or cancelled job run again."""
        return Response(out(await service.replay(ctx, job_id)))


def out(run: JobRunRow) -> JobOut:
    """A job as the API shows it."""
    return JobOut(**{name: getattr(run, name) for name in JobOut.__struct_fields__})
