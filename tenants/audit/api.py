"""The API of the audit log."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from litestar import Controller, Response

from core.exports.api import out
from core.exports.schema import ExportOut
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.routing import get, post
from tenants.audit import queries, service
from tenants.audit.schema import AuditPage, AuditQuery

MOST = 200


class AuditApi(Controller):
    """The log for programs."""

    path = "/audit"
    tags = ("Audit log",)

    @get("/", permission=service.VIEW)
    async def list_entries(
        self,
        ctx: Ctx,
        control: Control,
        who: UUID | None = None,
        key: UUID | None = None,
        what: str = "",
        record: UUID | None = None,
        since: date | None = None,
        until: date | None = None,
        after: UUID | None = None,
        limit: int = queries.PAGE,
    ) -> AuditPage:
        """List what happened, newest first: by whom, to what kind of thing, in which days."""
        asked = AuditQuery(who=who, key=key, what=what, record=record, since=since, until=until)
        most = max(1, min(limit, MOST))
        found = await queries.entries(ctx, control, asked, after=after, limit=most)
        return AuditPage(data=found, next=found[-1].id if len(found) == most else None)

    @post("/exports", permission=service.VIEW, status_code=202)
    async def export(self, ctx: Ctx, data: AuditQuery) -> Response[ExportOut]:
        """Have the log written into a CSV file; fetch it as any other export."""
        return Response(out(await service.export(ctx, data)), status_code=202)
