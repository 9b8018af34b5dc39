"""The page of a customer; lists and forms come from the record type."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.customers.records import CUSTOMER
from core.records import lists
from core.records.record_page import record_page
from core.records.shown import choices
from core.tenancy.ctx import Ctx
from core.web.routing import get


class CustomerPages(Controller):
    """One customer with everything about it."""

    path = "/customers"
    include_in_schema = False

    @get("/{record_id:uuid}", permission="customers.view")
    async def show(self, ctx: Ctx, request: Request[Any, Any, Any], record_id: UUID) -> Response[Any]:
        """Show a customer."""
        customer = await lists.get(ctx, CUSTOMER, record_id, deleted=True)
        stages = choices(CUSTOMER.column("stage"))  # type: ignore[arg-type]
        return await record_page(
            ctx, request, CUSTOMER, customer, template="customers/show.html", stages=stages
        )
