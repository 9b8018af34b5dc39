"""The JSON API of contacts' parts at further customers, and of a customer's organisation."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, Response

from core.contacts import queries, service_roles
from core.contacts.records import CONTACT
from core.contacts.schema_parts import Organisation, RoleIn, RoleList
from core.customers.records import CUSTOMER
from core.records import lists
from core.tenancy.ctx import Ctx
from core.web.routing import delete, get, post


class ContactRolesApi(Controller):
    """Parts at further customers."""

    path = "/contacts/{record_id:uuid}/roles"
    tags = ("Contacts",)

    @get("/", permission="contacts.view")
    async def list_roles(self, ctx: Ctx, record_id: UUID) -> RoleList:
        """List a contact's parts at further customers."""
        contact = await lists.get(ctx, CONTACT, record_id)
        return RoleList(await queries.roles(ctx, contact.id))

    @post("/", permission="contacts.edit")
    async def set_role(self, ctx: Ctx, record_id: UUID, data: RoleIn) -> RoleList:
        """Say which part a contact plays at a further customer."""
        contact = await lists.get(ctx, CONTACT, record_id)
        await service_roles.set_role(ctx, contact, data)
        return RoleList(await queries.roles(ctx, contact.id))

    @delete("/{customer_id:uuid}", permission="contacts.edit", status_code=204)
    async def remove_role(self, ctx: Ctx, record_id: UUID, customer_id: UUID) -> Response[None]:
        """End a contact's part at a further customer."""
        contact = await lists.get(ctx, CONTACT, record_id)
        await service_roles.remove_role(ctx, contact, customer_id)
        return Response(None, status_code=204)


class OrganisationApi(Controller):
    """Who sits where at a customer."""

    path = "/customers/{record_id:uuid}/organisation"
    tags = ("Customers",)

    @get("/", permission="contacts.view")
    async def show(self, ctx: Ctx, record_id: UUID) -> Organisation:
        """List the departments of a customer with their people."""
        customer = await lists.get(ctx, CUSTOMER, record_id)
        return Organisation(await queries.organisation(ctx, customer.id))
