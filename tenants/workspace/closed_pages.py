"""The page of a closed workspace, outside of every workspace: open it again, or fetch its archives."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response
from litestar.response import Stream

from core.kernel.errors import Forbidden
from core.tenancy.control import Control
from core.web.pages import redirect, render
from core.web.problems import reader_locale
from core.web.request import principal_of, runtime_of
from core.web.routing import get, post
from tenants.workspace import downloads, queries, service

Any_ = Request[Any, Any, Any]


class ClosedPages(Controller):
    """What is left to do with a closed workspace until it is removed; nobody but its members finds it."""

    path = "/closed/{tenant_id:uuid}"
    include_in_schema = False

    @get("/", public=True)
    async def closed(self, control: Control, request: Any_, tenant_id: UUID) -> Response[Any]:
        """Show until when it can be opened again, and by whom."""
        control.locale = reader_locale(request)
        principal = principal_of(request)
        if principal is None:
            return redirect(request, f"/login?next=/closed/{tenant_id}")
        row, closing = await queries.closed(control, tenant_id, principal.account_id)
        is_owner = str(principal.account_id) in closing.owners
        now = control.now()
        archives = await queries.archives(control, tenant_id) if is_owner else []
        return render(
            control,
            request,
            "workspace/closed.html",
            tenant=row,
            closing=closing,
            is_owner=is_owner,
            archives=[one for one in archives if downloads.is_ready(one, now)],
            others=[(slug, name) for slug, name in principal.workspaces if slug != row.slug],
        )

    @post("/reopen", public=True)
    async def reopen(self, control: Control, request: Any_, tenant_id: UUID) -> Response[Any]:
        """Open it again."""
        if principal_of(request) is None:
            return redirect(request, f"/login?next=/closed/{tenant_id}")
        row = await service.reopen(control, tenant_id)
        return redirect(request, f"/w/{row.slug}/")

    @get("/archives/{archive_id:uuid}", public=True)
    async def archive(self, control: Control, request: Any_, tenant_id: UUID, archive_id: UUID) -> Stream:
        """Fetch an archive; for owners."""
        principal = principal_of(request)
        account_id = principal.account_id if principal else None
        _, closing = await queries.closed(control, tenant_id, account_id)
        if str(account_id) not in closing.owners:
            raise Forbidden
        found = await queries.archive(control, tenant_id, archive_id)
        return downloads.file_of(runtime_of(request), found)
