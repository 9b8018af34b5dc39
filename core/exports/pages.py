"""The pages of exports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response
from litestar.response import Stream

from core.exports import downloads, queries, service
from core.exports.schema import ExportIn
from core.tenancy.ctx import Ctx
from core.web.bodies import read_form
from core.web.pages import redirect, render
from core.web.request import SIGNED_IN
from core.web.routing import get, post
from core.work import shown

Any_ = Request[Any, Any, Any]


class ExportPages(Controller):
    """One's exports."""

    path = "/exports"
    include_in_schema = False

    @get("/", permission=SIGNED_IN)
    async def index(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """List one's exports."""
        runs = [(run, service.title(ctx, run)) for run in await queries.newest(ctx)]
        return render(ctx, request, "exports/index.html", runs=runs)

    @post("/", permission=SIGNED_IN, unpaid=True)
    async def create(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Have a list written into a file."""
        run = await service.create(ctx, await read_form(request, ExportIn))
        return redirect(request, ctx.w(f"/exports/{run.id}"))

    @get("/{export_id:uuid}", permission=SIGNED_IN)
    async def show(self, ctx: Ctx, request: Any_, export_id: UUID) -> Response[Any]:
        """Show how far an export is, and its file."""
        run = await queries.get(ctx, export_id)
        return render(ctx, request, "exports/show.html", **await self._values(ctx, run))

    @get("/{export_id:uuid}/progress", permission=SIGNED_IN)
    async def progress(self, ctx: Ctx, request: Any_, export_id: UUID) -> Response[Any]:
        """Show how far an export is; leads to its page once it is over."""
        run = await queries.get(ctx, export_id)
        values = await self._values(ctx, run)
        if not values["is_active"]:
            return redirect(request, values["here"])
        return render(ctx, request, "work/progress.html", **values)

    @get("/{export_id:uuid}/file", permission=SIGNED_IN)
    async def file(self, ctx: Ctx, export_id: UUID) -> Stream:
        """Fetch the file."""
        return await downloads.file_of(ctx, await queries.get(ctx, export_id))

    async def _values(self, ctx: Ctx, run: Any) -> dict[str, Any]:
        job = await queries.job(ctx, run)
        return {
            "run": run,
            "job": job,
            "is_active": job is not None and job.state in shown.ACTIVE,
            "progress": shown.progress(ctx, job, link=False) if job is not None else None,
            "here": ctx.w(f"/exports/{run.id}"),
        }
