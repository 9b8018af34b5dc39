"""The forms of what belongs to a customer, as their template takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.customers import service_merge
from core.customers.models import Customer, CustomerAddress
from core.customers.records import CUSTOMER
from core.customers.schema_parts import RELATIONS, AddressIn, RelationIn
from core.kernel.i18n import N_
from core.kernel.validate import convert, fields
from core.records.forms import options_url
from core.records.labels import Labels
from core.records.shown import cell_value, column_view
from core.tenancy.ctx import Ctx

INVERSE = ":inverse"


def address_form(ctx: Ctx, customer: Customer, address: CustomerAddress | None = None) -> dict[str, Any]:
    """The form of a further address."""
    home = ctx.w(f"/customers/{customer.id}")
    return {
        "customer": customer,
        "home": home,
        "title": N_("Change the address") if address else N_("Add an address"),
        "action": ctx.w(f"/customer-addresses/{address.id}") if address else f"{home}/addresses/new",
        "fields": [meta._asdict() for meta in fields(AddressIn)],
    }


def relation_form(ctx: Ctx, customer: Customer) -> dict[str, Any]:
    """The form of a relation: each kind is offered from both of its ends."""
    options = []
    for kind, (title, inverse) in RELATIONS.items():
        options.append((kind, title))
        if inverse != title:
            options.append((f"{kind}{INVERSE}", inverse))
    home = ctx.w(f"/customers/{customer.id}")
    views = {meta.name: meta._asdict() for meta in fields(RelationIn)}
    views["other_id"]["search_url"] = options_url(ctx, "customer")
    return {
        "customer": customer,
        "home": home,
        "title": N_("Relate to another customer"),
        "action": f"{home}/relations/new",
        "fields": [{**views["kind"], "choices": options}, views["other_id"]],
    }


def relation_of(sent: Mapping[str, Any]) -> RelationIn:
    """Read the form of a relation; raises Invalid with all errors."""
    kind = str(sent.get("kind", ""))
    values = {**sent, "kind": kind.removesuffix(INVERSE), "inverse": str(kind.endswith(INVERSE)).lower()}
    return convert(RelationIn, values, text=True)


def merge_rows(ctx: Ctx, target: Customer, source: Customer, names: Labels) -> list[dict[str, Any]]:
    """The fields in which two customers differ, each with both values, and which of them stays."""
    rows = []
    for column in CUSTOMER.columns:
        name = column.attribute.key
        mine, other = getattr(target, name), getattr(source, name)
        if name not in service_merge.CHOSEN or mine == other or other in (None, ""):
            continue
        rows.append(
            {
                "column": column_view(ctx, column),
                "name": name,
                "mine": cell_value(ctx, column, target, names),
                "other": cell_value(ctx, column, source, names),
                "takes": mine in (None, ""),
            }
        )
    return rows
