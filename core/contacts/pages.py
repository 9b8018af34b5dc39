"""The page of a contact; lists and forms come from the record type."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.contacts.records import CONTACT
from core.records import lists
from core.records.record_page import record_page
from core.records.shown import choices
from core.tenancy.ctx import Ctx
from core.web.routing import get


class ContactPages(Controller):
    """One contact with everything about it."""

    path = "/contacts"
    include_in_schema = False

    @get("/{record_id:uuid}", permission="contacts.view")
    async def show(self, ctx: Ctx, request: Request[Any, Any, Any], record_id: UUID) -> Response[Any]:
        """Show a contact."""
        contact = await lists.get(ctx, CONTACT, record_id, deleted=True)
        roles = choices(CONTACT.column("role"))  # type: ignore[arg-type]
        return await record_page(ctx, request, CONTACT, contact, template="contacts/show.html", roles=roles)
