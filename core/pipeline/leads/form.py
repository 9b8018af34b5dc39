"""The fields of the form that converts a lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.ext.specs import Duplicate
from core.kernel.i18n import N_
from core.pipeline.models import Stage
from core.records.forms import options_url
from core.tenancy.ctx import Ctx

CUSTOMER = N_("Customer")
DEAL = N_("Deal")


def form_fields(
    ctx: Ctx,
    values: Mapping[str, Any],
    *,
    customers: Sequence[Duplicate],
    contacts: Sequence[Duplicate],
    stages: Sequence[Stage],
) -> list[dict[str, Any]]:
    """List the fields; those of the deal only for somebody who may make one."""
    fields: list[dict[str, Any]] = [
        {
            "name": "customer_id",
            "kind": "ref",
            "title": N_("Existing customer"),
            "search_url": options_url(ctx, "customer"),
            "label": _label(customers, values.get("customer_id")),
            "help": N_("Leave empty to create a new customer."),
        },
        {"name": "customer_name", "kind": "text", "title": N_("Name of the new customer"), "max_length": 200},
        {
            "name": "contact_id",
            "kind": "ref",
            "title": N_("Existing contact"),
            "search_url": options_url(ctx, "contact"),
            "label": _label(contacts, values.get("contact_id")),
            "help": N_("Leave empty to create a new contact."),
        },
    ]
    return [*fields, *_deal_fields(ctx, values, stages)] if stages else fields


def _deal_fields(ctx: Ctx, values: Mapping[str, Any], stages: Sequence[Stage]) -> list[dict[str, Any]]:
    currency = str(values.get("deal.currency") or ctx.tenant.currency)
    usual = dict.fromkeys((currency, ctx.tenant.currency, "CNY", "USD", "EUR", "HKD", "JPY", "GBP"))
    return [
        {"name": "with_deal", "kind": "bool", "title": N_("Create a deal"), "section": DEAL},
        {"name": "deal.name", "kind": "text", "title": N_("Name"), "max_length": 200},
        {
            "name": "deal.amount_minor",
            "kind": "money",
            "title": N_("Amount"),
            "currency": currency,
            "currencies": list(usual),
            "currency_name": "deal.currency",
        },
        {
            "name": "deal.stage_id",
            "kind": "choice",
            "title": N_("Stage"),
            "options": [(str(stage.id), stage.name) for stage in stages],
            "placeholder": stages[0].name,
        },
        {"name": "deal.expected_close_on", "kind": "date", "title": N_("Expected close")},
    ]


def _label(found: Sequence[Duplicate], chosen: object) -> str:
    return next((one.label or "" for one in found if one.id is not None and str(one.id) == str(chosen)), "")
