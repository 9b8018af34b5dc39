"""The API of the audit log."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Controller, Request, Response

from core.exports.api import out
from core.exports.schema import ExportOut
from core.tenancy.control import Control
from core.tenancy.ctx import Ctx
from core.web.routing import get, post
from tenants.audit import queries, service
from tenants.audit.schema import AuditExportIn, AuditPage

Any_ = Request[Any, Any, Any]
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
        request: Any_,
        after: UUID | None = None,
        limit: int = queries.PAGE,
    ) -> AuditPage:
        """List what happened, newest first.

        Narrowed by `who` (a member's id), `key` (a key's), `what` (a kind such as `customer` or `api_key`), `record`
        (an id), `since` and `until` (days).
        """
        most = max(1, min(limit, MOST))
        question = queries.asked(request.query_params)
        found = await queries.entries(ctx, control, question, after=after, limit=most)
        return AuditPage(data=found, next=found[-1].id if len(found) == most else None)

    @post("/exports", permission=service.VIEW, status_code=202, unpaid=True)
    async def export(self, ctx: Ctx, data: AuditExportIn) -> Response[ExportOut]:
        """Have the log written into a CSV file; fetch it as any other export."""
        question = queries.asked(dict(parse_qsl(data.query)))
        return Response(out(await service.export(ctx, question)), status_code=202)
