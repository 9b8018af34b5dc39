"""The page of a contact and the form of its parts at further customers; the rest comes from the record type."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.contacts import service_roles
from core.contacts.models import Contact
from core.contacts.records import CONTACT
from core.contacts.schema_parts import RoleIn
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.kernel.validate import convert, fields
from core.records import lists
from core.records.forms import options_url
from core.records.record_page import record_page
from core.records.shown import choices
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
FORM = "contacts/role_form.html"


def _form(ctx: Ctx, contact: Contact) -> dict[str, Any]:
    views = {meta.name: meta._asdict() for meta in fields(RoleIn)}
    views["customer_id"]["search_url"] = options_url(ctx, "customer")
    views["role"]["choices"] = choices(CONTACT.column("role"))  # type: ignore[arg-type]
    home = ctx.w(f"/contacts/{contact.id}")
    return {"contact": contact, "home": home, "action": f"{home}/roles/new", "fields": list(views.values())}


class ContactPages(Controller):
    """One contact with everything about it."""

    path = "/contacts"
    include_in_schema = False

    @get("/{record_id:uuid}", permission="contacts.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show a contact."""
        contact = await lists.get(ctx, CONTACT, record_id, deleted=True)
        roles = choices(CONTACT.column("role"))  # type: ignore[arg-type]
        return await record_page(ctx, request, CONTACT, contact, template="contacts/show.html", roles=roles)

    @get("/{record_id:uuid}/roles/new", permission="contacts.edit")
    async def new_role(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Ask for a further customer."""
        contact = await lists.get(ctx, CONTACT, record_id, action="edit")
        return render(ctx, request, FORM, **_form(ctx, contact), values={}, errors=())

    @post("/{record_id:uuid}/roles/new", permission="contacts.edit")
    async def set_role(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Say which part a contact plays at a further customer."""
        contact = await lists.get(ctx, CONTACT, record_id, action="edit")
        sent, form = await form_values(request), _form(ctx, contact)
        try:
            await service_roles.set_role(ctx, contact, convert(RoleIn, sent, text=True))
        except AppError as error:
            return form_again(ctx, request, FORM, error, **form, values=sent)
        return toast(redirect(request, form["home"]), ctx.t(N_("The further customer is noted.")))

    @post("/{record_id:uuid}/roles/{customer_id:uuid}/remove", permission="contacts.edit")
    async def remove_role(self, ctx: Ctx, request: Any_, record_id: UUID, customer_id: UUID) -> Response[Any]:
        """End a contact's part at a further customer."""
        contact = await lists.get(ctx, CONTACT, record_id, action="edit")
        await service_roles.remove_role(ctx, contact, customer_id)
        address = ctx.w(f"/contacts/{contact.id}")
        return toast(redirect(request, address), ctx.t(N_("The further customer is removed.")))
