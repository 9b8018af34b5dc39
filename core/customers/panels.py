"""The cards that customers add to their own page: further addresses, relations to others."""

from __future__ import annotations

from typing import Any

from core.customers import queries
from core.customers.models import Customer
from core.ext.specs import Panel
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx


async def _addresses(ctx: Ctx, customer: Customer) -> tuple[str, dict[str, Any]]:
    may_edit = await ctx.can_on("customers.edit", customer)
    found = await queries.addresses(ctx, customer.id)
    return "customers/addresses.html", {"addresses": found, "may_edit": may_edit}


async def _relations(ctx: Ctx, customer: Customer) -> tuple[str, dict[str, Any]]:
    may_edit = await ctx.can_on("customers.edit", customer)
    found = await queries.relations(ctx, customer.id)
    return "customers/relations.html", {"relations": found, "may_edit": may_edit}


PANELS = [
    Panel(
        slot="customer.side",
        key="addresses",
        title=N_("Further addresses"),
        render=_addresses,
        order=600,
        permission="customers.view",
    ),
    Panel(
        slot="customer.side",
        key="relations",
        title=N_("Relations"),
        render=_relations,
        order=610,
        permission="customers.view",
    ),
]
