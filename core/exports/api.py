"""The API of exports."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, Response
from litestar.response import Stream

from core.exports import downloads, queries, service
from core.exports.models import ExportRun
from core.exports.schema import ExportIn, ExportList, ExportOut
from core.tenancy.ctx import Ctx
from core.web.request import SIGNED_IN
from core.web.routing import get, post


class ExportApi(Controller):
    """Exports for programs; what may be exported is decided by the right on the records."""

    path = "/exports"
    tags = ["Exports"]  # noqa: RUF012 - the framework's own attribute

    @get("/", permission=SIGNED_IN)
    async def list_exports(
        self, ctx: Ctx, after: UUID | None = None, limit: int = 50
    ) -> Response[ExportList]:
        """List one's exports, newest first."""
        most = max(1, min(limit, 200))
        found = await queries.newest(ctx, before=after, limit=most)
        following = str(found[-1].id) if len(found) == most else None
        return Response(ExportList(data=[out(run) for run in found], next=following))

    @post("/", permission=SIGNED_IN, status_code=202)
    async def create_export(self, ctx: Ctx, data: ExportIn) -> Response[ExportOut]:
        """Have a list written into a file."""
        return Response(out(await service.create(ctx, data)), status_code=202)

    @get("/{export_id:uuid}", permission=SIGNED_IN)
    async def get_export(self, ctx: Ctx, export_id: UUID) -> Response[ExportOut]:
        """Show whether the file is ready."""
        return Response(out(await queries.get(ctx, export_id)))

    @get("/{export_id:uuid}/file", permission=SIGNED_IN)
    async def get_file(self, ctx: Ctx, export_id: UUID) -> Stream:
        """Fetch the file."""
        return await downloads.file_of(ctx, await queries.get(ctx, export_id))


def out(run: ExportRun) -> ExportOut:
    """An export as the API shows it."""
    names = [name for name in ExportOut.__struct_fields__ if name != "is_ready"]
    return ExportOut(**{name: getattr(run, name) for name in names}, is_ready=run.file_sha256 is not None)
