"""The JSON API of what belongs to a customer, and of merging two."""

from __future__ import annotations

from uuid import UUID

from litestar import Controller, Response

from core.customers import queries, service_merge, service_parts
from core.customers.records import CUSTOMER
from core.customers.schema import CustomerOut
from core.customers.schema_parts import (
    AddressIn,
    AddressList,
    AddressOut,
    AddressPatch,
    MergeIn,
    RelationIn,
    RelationList,
    RelationOut,
)
from core.records import lists, out
from core.tenancy.ctx import Ctx
from core.web.routing import delete, get, patch, post


class CustomerPartsApi(Controller):
    """Further addresses, relations, merging."""

    path = "/customers/{record_id:uuid}"
    tags = ("Customers",)

    @get("/addresses", permission="customers.view")
    async def list_addresses(self, ctx: Ctx, record_id: UUID) -> AddressList:
        """List the further addresses of a customer."""
        customer = await lists.get(ctx, CUSTOMER, record_id)
        return AddressList([queries.address_out(one) for one in await queries.addresses(ctx, customer.id)])

    @post("/addresses", permission="customers.edit", status_code=201)
    async def add_address(self, ctx: Ctx, record_id: UUID, data: AddressIn) -> AddressOut:
        """Add a further address."""
        customer = await lists.get(ctx, CUSTOMER, record_id)
        return queries.address_out(await service_parts.add_address(ctx, customer, data))

    @patch("/addresses/{address_id:uuid}", permission="customers.edit")
    async def change_address(
        self, ctx: Ctx, record_id: UUID, address_id: UUID, data: AddressPatch
    ) -> AddressOut:
        """Change a further address."""
        customer = await lists.get(ctx, CUSTOMER, record_id)
        address = await queries.address(ctx, customer.id, address_id)
        return queries.address_out(await service_parts.change_address(ctx, customer, address, data))

    @delete("/addresses/{address_id:uuid}", permission="customers.edit", status_code=204)
    async def remove_address(self, ctx: Ctx, record_id: UUID, address_id: UUID) -> Response[None]:
        """Remove a further address."""
        customer = await lists.get(ctx, CUSTOMER, record_id)
        address = await queries.address(ctx, customer.id, address_id)
        await service_parts.remove_address(ctx, customer, address)
        return Response(None, status_code=204)

    @get("/relations", permission="customers.view")
    async def list_relations(self, ctx: Ctx, record_id: UUID) -> RelationList:
        """List the relations of a customer, those entered at the other one included."""
        customer = await lists.get(ctx, CUSTOMER, record_id)
        return RelationList(await queries.relations(ctx, customer.id))

    @post("/relations", permission="customers.edit", status_code=201)
    async def relate(self, ctx: Ctx, record_id: UUID, data: RelationIn) -> RelationOut:
        """Link a customer to another."""
        customer = await lists.get(ctx, CUSTOMER, record_id)
        relation = await service_parts.relate(ctx, customer, data)
        return next(one for one in await queries.relations(ctx, customer.id) if one.id == relation.id)

    @delete("/relations/{relation_id:uuid}", permission="customers.edit", status_code=204)
    async def unrelate(self, ctx: Ctx, record_id: UUID, relation_id: UUID) -> Response[None]:
        """Remove a link to another customer."""
        customer = await lists.get(ctx, CUSTOMER, record_id)
        relation = await queries.relation(ctx, customer.id, relation_id)
        await service_parts.unrelate(ctx, customer, relation)
        return Response(None, status_code=204)

    @post("/merge", permission="customers.edit")
    async def merge(self, ctx: Ctx, record_id: UUID, data: MergeIn) -> Response[CustomerOut]:
        """Merge another customer into this one; everything that points at it moves."""
        target = await lists.get(ctx, CUSTOMER, record_id)
        source = await lists.get(ctx, CUSTOMER, data.source_id)
        await service_merge.merge(ctx, target, source, take=data.take)
        return Response(out.one(CUSTOMER, target))  # type: ignore[arg-type]
