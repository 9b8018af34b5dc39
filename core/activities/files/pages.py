"""The files tab of record pages, uploads and downloads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response
from litestar.response import Stream

from core.activities.files import queries, service, uploads
from core.kernel.errors import Invalid
from core.kernel.i18n import N_
from core.records.shown import place
from core.tenancy.ctx import Ctx
from core.web.pages import redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
ICONS = (("image/", "image"), ("video/", "video"), ("audio/", "headphones"), ("text/csv", "file-spreadsheet"))


class FilePages(Controller):
    """Files on records."""

    path = "/files"
    include_in_schema = False

    @get("/{record_type:str}/{record_id:uuid}", permission="files.view")
    async def show(self, ctx: Ctx, request: Any_, record_type: str, record_id: UUID) -> Response[Any]:
        """Show the files of a record."""
        return await self._shown(ctx, request, await queries.place(ctx, record_type, record_id))

    @post("/{record_type:str}/{record_id:uuid}", permission="files.edit")
    async def upload(self, ctx: Ctx, request: Any_, record_type: str, record_id: UUID) -> Response[Any]:
        """Put files on a record; answer its files, or with 422 why one was refused."""
        at = await queries.place(ctx, record_type, record_id, action="edit")
        try:
            attached = await uploads.receive(ctx, request, record_type, record_id)
        except Invalid as error:
            ctx.roll_back()
            return await self._shown(ctx, request, at, error=error)
        text = ctx.t(N_("{name} is attached."), name=", ".join(item.name for item in attached))
        if "hx-request" not in request.headers:
            return toast(redirect(request, f"{place(ctx, at.type, f'/{record_id}')}?tab=files"), text)
        return toast(await self._shown(ctx, request, at), text)

    @get("/{file_id:uuid}", permission="files.view")
    async def content(self, ctx: Ctx, request: Any_, file_id: UUID) -> Stream:
        """Download a file."""
        return await uploads.download(ctx, request, file_id)

    @post("/{file_id:uuid}/delete", permission="files.edit")
    async def remove(self, ctx: Ctx, request: Any_, file_id: UUID) -> Response[Any]:
        """Take a file off its record."""
        attachment, at = await queries.find(ctx, file_id, action="edit")
        await service.remove(ctx, at.type, at.record, attachment)
        text = ctx.t(N_("{name} is removed."), name=attachment.name)
        if "hx-request" not in request.headers:
            return toast(redirect(request, f"{place(ctx, at.type, f'/{at.record.id}')}?tab=files"), text)
        return toast(Response("", media_type="text/html"), text)

    async def _shown(
        self, ctx: Ctx, request: Any_, at: queries.Place, *, error: Invalid | None = None
    ) -> Response[Any]:
        template, values = await files_values(ctx, at)
        said = [ctx.t(item.message, **item.params) for item in error.errors] if error else []
        return render(ctx, request, template, status=422 if error else 200, **{**values, "said": said})


async def files_panel(ctx: Ctx, record: Any) -> tuple[str, dict[str, Any]]:
    """Render the files of a record with the place to drop new ones."""
    type_ = ctx.machinery.registry.records[type(record).__tablename__]
    return await files_values(ctx, queries.Place(type_, record))


async def files_values(ctx: Ctx, at: queries.Place) -> tuple[str, dict[str, Any]]:
    """The template of a record's files and what it needs."""
    may_edit = ctx.can("files.edit") and await ctx.can_on(f"{at.type.permission}.edit", at.record)
    files = [
        {
            "id": str(item.id),
            "icon": next((icon for start, icon in ICONS if item.media_type.startswith(start)), "file-text"),
            "name": item.name,
            "url": ctx.w(f"/files/{item.id}"),
            "size": size(item.size_bytes),
            "at": item.created_at,
            "by": by or "",
            "remove_url": ctx.w(f"/files/{item.id}/delete") if may_edit else "",
        }
        for item, by in await queries.of_record(ctx, at)
    ]
    upload_url = ctx.w(f"/files/{at.type.key}/{at.record.id}") if may_edit else ""
    limit_mb = service.MAX_BYTES // 2**20
    return "files/panel.html", {"files": files, "upload_url": upload_url, "limit_mb": limit_mb, "said": []}


def size(size_bytes: int) -> str:
    """A size as people write it: KB below a million bytes, else MB with one decimal."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} KB"
    return f"{size_bytes / 1_000_000:.1f} MB"
