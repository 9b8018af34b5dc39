"""The API of a workspace as a whole. Closing it and handing it over are left to people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response
from litestar.response import Stream

from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.request import SIGNED_IN, runtime_of
from core.web.routing import LIVE_ONLY, delete, get, patch, post
from tenants.workspace import downloads, queries, service, service_data
from tenants.workspace.schema import (
    ArchiveIn,
    ArchiveList,
    ArchiveOut,
    CompanyPatch,
    SandboxOut,
    WorkspaceOut,
)


class WorkspaceApi(Controller):
    """The workspace for programs."""

    path = "/workspace"
    tags = ("Workspace",)
    opt = LIVE_ONLY

    @get("/", permission=SIGNED_IN)
    async def show_workspace(self, ctx: Ctx) -> WorkspaceOut:
        """Show the company profile."""
        return msgspec.convert(ctx.tenant, WorkspaceOut, from_attributes=True)

    @patch("/", permission="workspace.manage")
    async def change_workspace(self, ctx: Ctx, control: Control, data: CompanyPatch) -> WorkspaceOut:
        """Change the company profile."""
        row = await service.change(ctx, control, data)
        return msgspec.convert(row, WorkspaceOut, from_attributes=True)

    @get("/archives", permission="workspace.export")
    async def list_archives(self, ctx: Ctx, control: Control) -> ArchiveList:
        """List the archives of the workspace, newest first."""
        found = await queries.archives(control, ctx.tenant.id)
        return ArchiveList(data=[msgspec.convert(one, ArchiveOut, from_attributes=True) for one in found])

    @post("/archives", permission="workspace.export", status_code=202, unpaid=True)
    async def create_archive(self, ctx: Ctx, control: Control, data: ArchiveIn) -> Response[ArchiveOut]:
        """Have the whole workspace written into one file, locked with a passphrase."""
        archive = await service_data.ask_archive(ctx, control, data.passphrase)
        return Response(msgspec.convert(archive, ArchiveOut, from_attributes=True), status_code=202)

    @get("/archives/{archive_id:uuid}/file", permission="workspace.export")
    async def get_archive(
        self, ctx: Ctx, control: Control, request: Request[Any, Any, Any], archive_id: UUID
    ) -> Stream:
        """Fetch the file of an archive."""
        archive = await queries.archive(control, ctx.tenant.id, archive_id)
        return downloads.file_of(runtime_of(request), archive)

    @get("/sandbox", permission="workspace.sandbox")
    async def show_sandbox(self, ctx: Ctx, control: Control) -> SandboxOut:
        """Tell whether there is a sandbox, and since when."""
        found = await queries.sandbox(control, ctx.tenant.id)
        return SandboxOut(id=found.id if found else None, made_at=found.claimed_at if found else None)

    @post("/sandbox", permission="workspace.sandbox", status_code=202)
    async def make_sandbox(self, ctx: Ctx, control: Control) -> Response[None]:
        """Have the workspace copied into its sandbox, in place of what is there."""
        await service_data.ask_sandbox(ctx, control, "make")
        return Response(None, status_code=202)

    @delete("/sandbox", permission="workspace.sandbox", status_code=202)
    async def remove_sandbox(self, ctx: Ctx, control: Control) -> Response[None]:
        """Have the sandbox removed with its test keys."""
        await service_data.ask_sandbox(ctx, control, "remove")
        return Response(None, status_code=202)
