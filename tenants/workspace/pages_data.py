"""The settings page of a workspace's data: archives there and back, and the sandbox."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response
from litestar.response import Stream

from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.bodies import read_form
from core.web.pages import form_again, redirect, render, toast
from core.web.request import runtime_of
from core.web.routing import LIVE_ONLY, get, post
from tenants.accounts.browser import client_of
from tenants.workspace import downloads, queries, service_data, service_import
from tenants.workspace.schema import ArchiveIn
from tenants.workspace.service_import import IMPORT

Any_ = Request[Any, Any, Any]
DATA = "workspace/data.html"
EXPORT, SANDBOX = "workspace.export", "workspace.sandbox"


class DataPages(Controller):
    """All of the workspace's data as a file, and a copy to try things on."""

    path = "/settings/data"
    include_in_schema = False
    opt = LIVE_ONLY

    @get("/", permission=SANDBOX)
    async def data(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Show archives and sandbox."""
        return render(ctx, request, DATA, **await _data(ctx, control), errors=(), wrong="")

    @post("/archives", permission=EXPORT, unpaid=True, opt={"secret": True})
    async def archive(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Have an archive written."""
        try:
            data = await read_form(request, ArchiveIn)
            await service_data.ask_archive(ctx, control, data.passphrase)
        except AppError as error:
            shown = await _data(ctx, control)
            control.roll_back()
            return form_again(ctx, request, DATA, error, **shown, wrong="archive")
        said = ctx.t(N_("The archive is being written. It shows up here when it is ready."))
        return toast(redirect(request, ctx.w("/settings/data")), said)

    @get("/archives/{archive_id:uuid}/file", permission=EXPORT)
    async def file(self, ctx: Ctx, control: Control, request: Any_, archive_id: UUID) -> Stream:
        """Fetch an archive."""
        archive = await queries.archive(control, ctx.tenant.id, archive_id)
        return downloads.file_of(runtime_of(request), archive)

    @post(
        "/imports",
        permission=IMPORT,
        opt={"upload": True},
        request_max_body_size=service_import.BODY_BYTES,
    )
    async def bring_back(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Have another workspace made of an archive."""
        try:
            form = await request.form()
            await service_import.ask_import(ctx, control, form, client=client_of(request))
        except AppError as error:
            shown = await _data(ctx, control)
            control.roll_back()
            return form_again(ctx, request, DATA, error, **shown, wrong="import")
        said = ctx.t(N_("The workspace is being made. It shows up here, and a mail tells you."))
        return toast(redirect(request, ctx.w("/settings/data")), said)

    @get("/sandbox", permission=SANDBOX)
    async def open_sandbox(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Lead into the sandbox, or to where one is made."""
        found = await queries.sandbox(control, ctx.tenant.id)
        if found is None:
            said = ctx.t(N_("There is no sandbox yet. Make one here."))
            return toast(redirect(request, ctx.w("/settings/data")), said, tone="info")
        return redirect(request, f"/w/{found.slug}/")

    @post("/sandbox", permission=SANDBOX)
    async def make_sandbox(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Copy the workspace into its sandbox."""
        await service_data.ask_sandbox(ctx, control, "make")
        said = ctx.t(N_("The sandbox is being made. Under Jobs you see how far it is."))
        return toast(redirect(request, ctx.w("/settings/data")), said)

    @post("/sandbox/remove", permission=SANDBOX)
    async def remove_sandbox(self, ctx: Ctx, control: Control, request: Any_) -> Response[Any]:
        """Remove the sandbox."""
        await service_data.ask_sandbox(ctx, control, "remove")
        said = ctx.t(N_("The sandbox is being removed."))
        return toast(redirect(request, ctx.w("/settings/data")), said)


async def _data(ctx: Ctx, control: Control) -> dict[str, Any]:
    may_export = ctx.can(EXPORT)
    archives = await queries.archives(control, ctx.tenant.id) if may_export else []
    may_import = ctx.can(IMPORT)
    return {
        "may_import": may_import,
        "imports": await queries.imports(control, ctx.tenant.id) if may_import else [],
        "most_gb": service_import.MOST_GB,
        "archives": archives,
        "ready": {one.id for one in archives if downloads.is_ready(one, ctx.now())},
        "may_export": may_export,
        "sandbox": await queries.sandbox(control, ctx.tenant.id),
    }
