"""The API of requests about people's data."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from litestar import Controller, Response
from litestar.response import Stream

from core.privacy import downloads, queries, service
from core.privacy.models import DataRequest
from core.privacy.schema import DataRequestIn, DataRequestList, DataRequestOut, Preview
from core.privacy.service import MANAGE
from core.tenancy.ctx import Ctx
from core.web.routing import get, post


class DataRequestApi(Controller):
    """Requests of people about their data: export, restriction, erasure."""

    path = "/data-requests"
    tags = ("Personal data",)

    @get("/", permission=MANAGE)
    async def list_data_requests(
        self, ctx: Ctx, after: UUID | None = None, limit: int = 50
    ) -> Response[DataRequestList]:
        """List requests, newest first."""
        most = max(1, min(limit, 200))
        found = await queries.newest(ctx, before=after, limit=most)
        following = str(found[-1].id) if len(found) == most else None
        return Response(DataRequestList(data=[out(one) for one in found], next=following))

    @get("/preview", permission=MANAGE)
    async def preview_data_request(
        self, ctx: Ctx, record_type: Literal["contact", "customer", "lead"], record_id: UUID
    ) -> Response[Preview]:
        """Count what there is about a person, and find records that may be the same person."""
        return Response(await service.preview(ctx, record_type, record_id))

    @post("/", permission=MANAGE, status_code=202)
    async def create_data_request(self, ctx: Ctx, data: DataRequestIn) -> Response[DataRequestOut]:
        """Have a person's data exported, restricted or erased. What was erased does not come back."""
        return Response(out(await service.create(ctx, data)), status_code=202)

    @get("/{request_id:uuid}", permission=MANAGE)
    async def get_data_request(self, ctx: Ctx, request_id: UUID) -> Response[DataRequestOut]:
        """Show how far a request is."""
        return Response(out(await queries.get(ctx, request_id)))

    @get("/{request_id:uuid}/file", permission=MANAGE)
    async def get_file(self, ctx: Ctx, request_id: UUID) -> Stream:
        """Fetch the exported data."""
        return await downloads.file_of(ctx, await queries.get(ctx, request_id))

    @post("/{request_id:uuid}/lift", permission=MANAGE, status_code=200)
    async def lift_restriction(self, ctx: Ctx, request_id: UUID) -> Response[DataRequestOut]:
        """Let a restricted person's data be used again."""
        return Response(out(await service.lift(ctx, await queries.get(ctx, request_id))), status_code=200)


def out(request: DataRequest) -> DataRequestOut:
    """A request as the API shows it."""
    names = [name for name in DataRequestOut.__struct_fields__ if name != "is_ready"]
    values = {name: getattr(request, name) for name in names}
    return DataRequestOut(**values, is_ready=request.file_sha256 is not None)
