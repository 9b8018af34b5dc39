"""The API of leads beyond what every record type has: converting."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.pipeline.leads import service_conversion as conversion
from core.pipeline.leads.records import LEAD, to_out
from core.pipeline.leads.schema import ConvertIn, LeadOut
from core.records import lists
from core.records.etag import check, etag
from core.tenancy.ctx import Ctx
from core.web.routing import post


class LeadApi(Controller):
    """What is done with one lead."""

    path = "/leads/{record_id:uuid}"
    tags = ("Leads",)

    @post("/convert", permission="leads.edit")
    async def convert(
        self, ctx: Ctx, request: Request[Any, Any, Any], record_id: UUID, data: ConvertIn
    ) -> Response[LeadOut]:
        """Make customer, contact and deal of a lead; repeated, it answers what was made the first time."""
        lead = await lists.get(ctx, LEAD, record_id, action="edit")
        check(request.headers, lead)
        lead = await conversion.convert(ctx, lead, data)
        return Response(to_out(lead), headers={"ETag": etag(lead)})
