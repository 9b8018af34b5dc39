"""The API of archives that come back as workspaces."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.routing import LIVE_ONLY, get, post
from tenants.accounts.browser import client_of
from tenants.workspace import queries, service_import
from tenants.workspace.models import Import
from tenants.workspace.schema import ImportList, ImportOut
from tenants.workspace.service_import import IMPORT


class ImportApi(Controller):
    """Archives that come back, for programs."""

    path = "/workspace/imports"
    tags = ("Workspace",)
    opt = LIVE_ONLY

    @get("/", permission=IMPORT)
    async def list_imports(self, ctx: Ctx, control: Control) -> ImportList:
        """List the archives that were brought, newest first."""
        found = await queries.imports(control, ctx.tenant.id)
        return ImportList(data=[_out(ctx, *one) for one in found])

    @get("/{import_id:uuid}", permission=IMPORT)
    async def show_import(self, ctx: Ctx, control: Control, import_id: UUID) -> ImportOut:
        """Tell whether the workspace is there, or why it is not."""
        return _out(ctx, *await queries.import_(control, ctx.tenant.id, import_id))

    @post(
        "/",
        permission=IMPORT,
        status_code=202,
        opt={"upload": True},
        request_max_body_size=service_import.BODY_BYTES,
    )
    async def create_import(
        self, ctx: Ctx, control: Control, request: Request[Any, Any, Any]
    ) -> Response[ImportOut]:
        """Have another workspace made of an archive: fields `file`, at most 1 GB, and `passphrase` of a multipart form.

        The archive must have been written by this installation. The workspace belongs to whoever the key stands for.
        """
        form = await request.form()
        row = await service_import.ask_import(ctx, control, form, client=client_of(request))
        return Response(_out(ctx, row, None), status_code=202)


def _out(ctx: Ctx, row: Import, slug: str | None) -> ImportOut:
    return ImportOut(
        id=row.id,
        file_name=row.file_name,
        name=row.name,
        slug=slug,
        problem=ctx.t(row.problem, **row.params) if row.problem else "",
        created_at=row.created_at,
        finished_at=row.finished_at,
        failed_at=row.failed_at,
    )
