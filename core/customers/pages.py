"""The pages of a customer, its parts, merging, and the classification tree."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response

from core.customers import queries, service_merge, service_parts
from core.customers.classes import CUSTOMER_CLASS
from core.customers.models import Customer
from core.customers.part_forms import address_form, merge_rows, relation_form, relation_of
from core.customers.records import CUSTOMER
from core.customers.schema_parts import AddressIn, AddressPatch, MergeIn
from core.kernel.errors import AppError
from core.kernel.i18n import N_
from core.kernel.validate import convert
from core.records import labels, lists
from core.records.forms import options_url
from core.records.record_page import record_page
from core.records.shown import choices
from core.tenancy.ctx import Ctx
from core.web.bodies import form_values
from core.web.pages import form_again, redirect, render, toast
from core.web.routing import get, post

Any_ = Request[Any, Any, Any]
FORM = "customers/part_form.html"


def _home(ctx: Ctx, customer: Customer) -> str:
    return ctx.w(f"/customers/{customer.id}")


class CustomerPages(Controller):
    """One customer with everything about it."""

    path = "/customers"
    include_in_schema = False

    @get("/{record_id:uuid}", permission="customers.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show a customer."""
        customer = await lists.get(ctx, CUSTOMER, record_id, deleted=True)
        stages = choices(CUSTOMER.column("stage"))  # type: ignore[arg-type]
        return await record_page(
            ctx, request, CUSTOMER, customer, template="customers/show.html", stages=stages
        )

    @get("/{record_id:uuid}/merge", permission="customers.edit")
    async def choose_merge(
        self, ctx: Ctx, request: Any_, record_id: UUID, source_id: UUID | None = None
    ) -> Response[Any]:
        """Choose a customer to merge into this one, and then whose values stay."""
        target = await lists.get(ctx, CUSTOMER, record_id, action="edit")
        return await _merging(ctx, request, target, source_id)

    @post("/{record_id:uuid}/merge", permission="customers.edit")
    async def merge(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Merge the chosen customer into this one."""
        target = await lists.get(ctx, CUSTOMER, record_id, action="edit")
        sent = await form_values(request)
        take = [name for name in service_merge.CHOSEN if sent.get(name) == "source"]
        data = convert(MergeIn, {"source_id": sent.get("source_id", ""), "take": take})
        source = await lists.get(ctx, CUSTOMER, data.source_id, action="delete")
        name = source.name
        await service_merge.merge(ctx, target, source, take=data.take)
        text = ctx.t(N_("{record} is merged into this customer."), record=name)
        return toast(redirect(request, _home(ctx, target)), text)


async def _merging(ctx: Ctx, request: Any_, target: Customer, source_id: UUID | None) -> Response[Any]:
    source = await lists.get(ctx, CUSTOMER, source_id, action="delete") if source_id else None
    rows = []
    if source is not None and source.id != target.id:
        names = await labels.resolve(ctx, labels.wanted(CUSTOMER.columns, [target, source]))
        rows = merge_rows(ctx, target, source, names)
    return render(
        ctx,
        request,
        "customers/merge.html",
        target=target,
        source=source if rows or (source and source.id != target.id) else None,
        rows=rows,
        home=_home(ctx, target),
        search_url=options_url(ctx, "customer"),
    )


class CustomerPartPages(Controller):
    """Forms of further addresses and relations."""

    path = "/customers/{record_id:uuid}"
    include_in_schema = False

    @get("/addresses/new", permission="customers.edit")
    async def new_address(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Ask for a further address."""
        customer = await lists.get(ctx, CUSTOMER, record_id, action="edit")
        return render(ctx, request, FORM, **address_form(ctx, customer), values={}, errors=())

    @post("/addresses/new", permission="customers.edit")
    async def add_address(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Add a further address."""
        customer = await lists.get(ctx, CUSTOMER, record_id, action="edit")
        sent, form = await form_values(request), address_form(ctx, customer)
        try:
            await service_parts.add_address(ctx, customer, convert(AddressIn, sent, text=True))
        except AppError as error:
            return form_again(ctx, request, FORM, error, **form, values=sent)
        return toast(redirect(request, _home(ctx, customer)), ctx.t(N_("The address is added.")))

    @get("/relations/new", permission="customers.edit")
    async def new_relation(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Ask for a related customer."""
        customer = await lists.get(ctx, CUSTOMER, record_id, action="edit")
        return render(ctx, request, FORM, **relation_form(ctx, customer), values={}, errors=())

    @post("/relations/new", permission="customers.edit")
    async def relate(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Link a customer to another."""
        customer = await lists.get(ctx, CUSTOMER, record_id, action="edit")
        sent, form = await form_values(request), relation_form(ctx, customer)
        try:
            await service_parts.relate(ctx, customer, relation_of(sent))
        except AppError as error:
            return form_again(ctx, request, FORM, error, **form, values=sent)
        return toast(redirect(request, _home(ctx, customer)), ctx.t(N_("The relation is added.")))

    @post("/relations/{relation_id:uuid}/remove", permission="customers.edit")
    async def unrelate(self, ctx: Ctx, request: Any_, record_id: UUID, relation_id: UUID) -> Response[Any]:
        """Remove a link to another customer."""
        customer = await lists.get(ctx, CUSTOMER, record_id, action="edit")
        relation = await queries.relation(ctx, customer.id, relation_id)
        await service_parts.unrelate(ctx, customer, relation)
        return toast(redirect(request, _home(ctx, customer)), ctx.t(N_("The relation is removed.")))


class AddressPages(Controller):
    """Changing and removing one further address."""

    path = "/customer-addresses/{address_id:uuid}"
    include_in_schema = False

    @get("/", permission="customers.edit")
    async def edit_address(self, ctx: Ctx, request: Any_, address_id: UUID) -> Response[Any]:
        """Show a further address to be changed."""
        customer, address = await queries.address_with_customer(ctx, address_id)
        await ctx.require("customers.edit", customer)
        values = {name: getattr(address, name) for name in AddressIn.__struct_fields__}
        form = address_form(ctx, customer, address)
        return render(ctx, request, FORM, **form, values=values, errors=())

    @post("/", permission="customers.edit")
    async def change_address(self, ctx: Ctx, request: Any_, address_id: UUID) -> Response[Any]:
        """Change a further address."""
        customer, address = await queries.address_with_customer(ctx, address_id)
        sent, form = await form_values(request), address_form(ctx, customer, address)
        try:
            patch = convert(AddressPatch, sent, text=True)
            await service_parts.change_address(ctx, customer, address, patch)
        except AppError as error:
            return form_again(ctx, request, FORM, error, **form, values=sent)
        return toast(redirect(request, _home(ctx, customer)), ctx.t(N_("The address is changed.")))

    @post("/remove", permission="customers.edit")
    async def remove_address(self, ctx: Ctx, request: Any_, address_id: UUID) -> Response[Any]:
        """Remove a further address."""
        customer, address = await queries.address_with_customer(ctx, address_id)
        await service_parts.remove_address(ctx, customer, address)
        return toast(redirect(request, _home(ctx, customer)), ctx.t(N_("The address is removed.")))


class ClassPages(Controller):
    """The classification tree."""

    path = "/"
    include_in_schema = False

    @get("/settings/classes", permission="customers.classes.view")
    async def tree(self, ctx: Ctx, request: Any_) -> Response[Any]:
        """Show the tree."""
        return await _tree(ctx, request, None)

    @get("/customer-classes/{record_id:uuid}", permission="customers.classes.view")
    async def show(self, ctx: Ctx, request: Any_, record_id: UUID) -> Response[Any]:
        """Show a class in the tree."""
        node = await lists.get(ctx, CUSTOMER_CLASS, record_id)
        return await _tree(ctx, request, node.id)


async def _tree(ctx: Ctx, request: Any_, chosen: UUID | None) -> Response[Any]:
    nodes, address = await queries.tree(ctx), ctx.w("/customer-classes")
    return render(ctx, request, "customers/classes.html", nodes=nodes, address=address, chosen=chosen)
