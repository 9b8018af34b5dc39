"""The API of files on records."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response
from litestar.response import Stream

from core.activities.files import queries, service, uploads
from core.activities.files.schema import FileList, FileOut, to_out
from core.tenancy.ctx import Ctx
from core.web.routing import delete, get, post

Any_ = Request[Any, Any, Any]


class FileApi(Controller):
    """Upload, list, download, remove."""

    path = "/files"
    tags = ["Files"]  # noqa: RUF012 - the framework declares it so

    @get("/{record_type:str}/{record_id:uuid}", permission="files.view")
    async def find(self, ctx: Ctx, record_type: str, record_id: UUID) -> Response[FileList]:
        """List the files of a record, newest first."""
        found = await queries.of_record(ctx, await queries.place(ctx, record_type, record_id))
        return Response(FileList(data=[to_out(attachment) for attachment, _ in found]))

    @post("/{record_type:str}/{record_id:uuid}", permission="files.edit", status_code=201)
    async def upload(self, ctx: Ctx, request: Any_, record_type: str, record_id: UUID) -> Response[FileList]:
        """Put the files of a multipart form, field ``file``, on a record; at most 25 MB each."""
        attached = await uploads.receive(ctx, request, record_type, record_id)
        return Response(FileList(data=[to_out(attachment) for attachment in attached]), status_code=201)

    @get("/{file_id:uuid}", permission="files.view")
    async def show(self, ctx: Ctx, file_id: UUID) -> Response[FileOut]:
        """Describe a file."""
        attachment, _ = await queries.find(ctx, file_id)
        return Response(to_out(attachment))

    @get("/{file_id:uuid}/content", permission="files.view")
    async def content(self, ctx: Ctx, request: Any_, file_id: UUID) -> Stream:
        """Send a file's content."""
        return await uploads.download(ctx, request, file_id)

    @delete("/{file_id:uuid}", permission="files.edit", status_code=204)
    async def remove(self, ctx: Ctx, file_id: UUID) -> Response[None]:
        """Take a file off its record."""
        attachment, at = await queries.find(ctx, file_id, action="edit")
        await service.remove(ctx, at.type, at.record, attachment)
        return Response(None, status_code=204)
