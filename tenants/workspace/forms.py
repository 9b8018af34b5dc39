"""The form of the company profile."""

from __future__ import annotations

from typing import Any

from core.kernel.i18n import N_, translator
from core.kernel.kinds import COUNTRIES
from core.kernel.money import CURRENCIES
from core.tenancy.ctx import Ctx
from tenants.admin.forms import LANGUAGES, zones


def company(ctx: Ctx, *, is_currency_fixed: bool) -> list[dict[str, Any]]:
    """Its fields; the currency only while it can be changed."""
    territories = translator(ctx.locale).locale.territories
    countries = sorted(((code, territories.get(code, code)) for code in COUNTRIES), key=lambda pair: pair[1])
    names = translator(ctx.locale).locale.currencies
    currencies = [(code, f"{code} · {names[code]}" if code in names else code) for code in sorted(CURRENCIES)]
    fields: list[dict[str, Any]] = [
        {"name": "name", "kind": "text", "title": N_("Company name"), "required": True, "max_length": 200},
        {
            "name": "locale",
            "kind": "choice",
            "title": N_("Language"),
            "required": True,
            "options": LANGUAGES,
            "help": N_("For members who chose none of their own, and for what the system writes."),
        },
        {
            "name": "timezone",
            "kind": "choice",
            "title": N_("Time zone"),
            "required": True,
            "options": zones(),
        },
        {"name": "country", "kind": "choice", "title": N_("Country"), "required": True, "options": countries},
    ]
    if not is_currency_fixed:
        fields.append(
            {
                "name": "currency",
                "kind": "choice",
                "title": N_("Currency"),
                "required": True,
                "options": currencies,
                "help": N_("It can be changed until the first deal is there."),
            }
        )
    return fields
