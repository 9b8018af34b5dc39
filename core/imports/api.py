"""The API of imports: send a file, say how to read it, check, run, cancel, revert, fetch what was refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.imports import queries, service
from core.imports.errors_file import error_file
from core.imports.models import ImportRun
from core.imports.schema import ImportList, ImportOut, ImportPatch
from core.imports.uploads import take
from core.tenancy.ctx import Ctx
from core.web.routing import get, patch, post


class ImportApi(Controller):
    """Imports for programs."""

    path = "/imports"
    tags = ["Imports"]  # noqa: RUF012 - the framework's own attribute

    @get("/", permission="imports.view")
    async def list_imports(
        self, ctx: Ctx, after: UUID | None = None, limit: int = 50
    ) -> Response[ImportList]:
        """List imports, newest first."""
        limit = max(1, min(limit, 200))
        found = await queries.newest(ctx, before=after, limit=limit)
        following = str(found[-1].id) if len(found) == limit else None
        return Response(ImportList(data=[out(run) for run in found], next=following))

    @post("/", permission="imports.run", status_code=201)
    async def create_import(self, ctx: Ctx, request: Request[Any, Any, Any]) -> Response[ImportOut]:
        """Take a file as multipart form data, or rows as ``text`` of a JSON object."""
        return Response(out(await take(ctx, request)), status_code=201)

    @get("/{import_id:uuid}", permission="imports.view")
    async def get_import(self, ctx: Ctx, import_id: UUID) -> Response[ImportOut]:
        """Show an import with its counts."""
        return Response(out(await queries.get(ctx, import_id)))

    @patch("/{import_id:uuid}", permission="imports.run")
    async def change_import(self, ctx: Ctx, import_id: UUID, data: ImportPatch) -> Response[ImportOut]:
        """Say how the file is to be read."""
        return Response(out(await service.change(ctx, await queries.get(ctx, import_id), data)))

    @post("/{import_id:uuid}/check", permission="imports.run", status_code=202)
    async def check_import(self, ctx: Ctx, import_id: UUID) -> Response[ImportOut]:
        """Try the file without writing anything."""
        run = await service.start(ctx, await queries.get(ctx, import_id), dry_run=True)
        return Response(out(run), status_code=202)

    @post("/{import_id:uuid}/run", permission="imports.run", status_code=202)
    async def run_import(self, ctx: Ctx, import_id: UUID) -> Response[ImportOut]:
        """Import the file."""
        run = await service.start(ctx, await queries.get(ctx, import_id), dry_run=False)
        return Response(out(run), status_code=202)

    @post("/{import_id:uuid}/cancel", permission="imports.run", status_code=202)
    async def cancel_import(self, ctx: Ctx, import_id: UUID) -> Response[ImportOut]:
        """Stop before the next rows."""
        return Response(out(await service.cancel(ctx, await queries.get(ctx, import_id))), status_code=202)

    @post("/{import_id:uuid}/resume", permission="imports.run", status_code=202)
    async def resume_import(self, ctx: Ctx, import_id: UUID) -> Response[ImportOut]:
        """Go on where it was cancelled or failed."""
        return Response(out(await service.resume(ctx, await queries.get(ctx, import_id))), status_code=202)

    @post("/{import_id:uuid}/revert", permission="imports.run", status_code=202)
    async def revert_import(self, ctx: Ctx, import_id: UUID) -> Response[ImportOut]:
        """Take back what it brought."""
        return Response(out(await service.revert(ctx, await queries.get(ctx, import_id))), status_code=202)

    @get("/{import_id:uuid}/errors", permission="imports.view")
    async def get_errors(self, ctx: Ctx, import_id: UUID) -> Response[bytes]:
        """Give the refused rows as CSV, with number, field and reason."""
        return await error_file(ctx, await queries.get(ctx, import_id))


def out(run: ImportRun) -> ImportOut:
    """An import as the API shows it."""
    return ImportOut(**{name: getattr(run, name) for name in ImportOut.__struct_fields__})
