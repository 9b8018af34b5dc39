"""The pages of jobs."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response
from litestar.params import QueryParameter

from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx
from core.web.pages import redirect, render, toast
from core.web.request import SIGNED_IN
from core.web.routing import get, post
from core.work import queries, service, shown

Any_ = Request[Any, Any, Any]

State = Annotated[str, QueryParameter(name="state")]


class JobPages(Controller):
    """What runs, ran and failed."""

    path = "/jobs"
    include_in_schema = False

    @get("/", permission=SIGNED_IN)
    async def index(
        self, ctx: Ctx, request: Any_, only: State = "", before: UUID | None = None
    ) -> Response[Any]:
        """List jobs."""
        runs = await queries.newest(ctx, state=only[:20], before=before)
        more = ctx.w(f"/jobs?state={only[:20]}&before={runs[-1].id}") if len(runs) == queries.PAGE else ""
        return render(
            ctx,
            request,
            "work/index.html",
            runs=[(run, shown.url_of(ctx, run)) for run in runs],
            states=shown.STATES,
            state=only,
            more=more,
        )

    @get("/{job_id:uuid}", permission=SIGNED_IN)
    async def show(self, ctx: Ctx, request: Any_, job_id: UUID) -> Response[Any]:
        """Show one job."""
        run = await queries.get(ctx, job_id)
        return render(
            ctx,
            request,
            "work/show.html",
            run=run,
            states=shown.STATES,
            is_active=run.state in shown.ACTIVE,
            progress=shown.progress(ctx, run, link=False),
            own=shown.url_of(ctx, run),
            here=ctx.w(f"/jobs/{run.id}"),
            may_change=run.member_id == ctx.actor.member_id or ctx.can(service.MANAGE),
        )

    @get("/{job_id:uuid}/progress", permission=SIGNED_IN)
    async def progress(self, ctx: Ctx, request: Any_, job_id: UUID) -> Response[Any]:
        """Show how far a job is; leads to its page once it is over."""
        run = await queries.get(ctx, job_id)
        here = ctx.w(f"/jobs/{run.id}")
        if run.state not in shown.ACTIVE:
            return redirect(request, shown.url_of(ctx, run))
        shown_as = shown.progress(ctx, run, link=False)
        return render(ctx, request, "work/progress.html", progress=shown_as, here=here)

    @post("/{job_id:uuid}/cancel", permission=SIGNED_IN)
    async def cancel(self, ctx: Ctx, request: Any_, job_id: UUID) -> Response[Any]:
        """Stop a job."""
        run = await service.cancel(ctx, job_id)
        text = ctx.t(N_("The job stops before its next step."))
        return toast(redirect(request, shown.url_of(ctx, run)), text)

    @post("/{job_id:uuid}/replay", permission=SIGNED_IN)
    async def replay(self, ctx: Ctx, request: Any_, job_id: UUID) -> Response[Any]:
        """Have a job run again."""
        run = await service.replay(ctx, job_id)
        return redirect(request, ctx.w(f"/jobs/{run.id}"))


async def tray(ctx: Ctx) -> tuple[str, dict[str, Any]]:
    """What runs for the reader, as the shell shows it on every page."""
    return "work/tray.html", {"jobs": [shown.progress(ctx, run) for run in await queries.tray(ctx)]}
