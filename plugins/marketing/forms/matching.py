"""Who sent a form: somebody known by the core's rule of duplicates, or nobody yet.

Never changes a record, and never makes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from core.sdk import (
    LEAD,
    Contact,
    Ctx,
    Customer,
    Lead,
    LeadIn,
    contacts_like,
    customers_like,
    duplicates,
)
from plugins.marketing.forms.models import Submission

OWN: Final = frozenset({"phone", "mobile", "email"})
"""What tells that somebody is the same; a name that anybody can type does not."""
Draft = tuple[Submission, LeadIn]


class Match(msgspec.Struct, kw_only=True):
    """Somebody who is known already, and whom to tell."""

    lead_id: UUID | None = None
    customer_id: UUID | None = None
    contact_id: UUID | None = None
    owner_id: UUID | None = None


async def known(ctx: Ctx, rows: Sequence[LeadIn]) -> list[Match | None]:
    """Find who each may be already by the core's rule: a lead, a contact, a customer, the likeliest first."""
    likely = await duplicates.of_each(ctx, LEAD, rows)
    found = [await _as_lead(ctx, some) for some in likely]
    rest = [number for number, match in enumerate(found) if match is None]
    probes = [rows[number] for number in rest]
    contacts = await contacts_like(ctx, probes)
    customers = await customers_like(ctx, probes)
    for number, as_contact, as_customer in zip(rest, contacts, customers, strict=True):
        found[number] = await _as_contact(ctx, as_contact) or await _as_customer(ctx, as_customer)
    return found


async def _as_lead(ctx: Ctx, likely: Sequence[Any]) -> Match | None:
    lead_id = next((one.id for one in likely if one.id), None)
    if lead_id is None:
        return None
    lead = await ctx.session.get_one(Lead, lead_id)
    return Match(
        lead_id=lead.id, customer_id=lead.customer_id, contact_id=lead.contact_id, owner_id=lead.owner_id
    )


async def _as_contact(ctx: Ctx, likely: Sequence[Any]) -> Match | None:
    for one in likely:
        if one.id is not None and OWN & set(one.matches):
            contact = await ctx.session.get_one(Contact, one.id)
            return Match(contact_id=contact.id, customer_id=contact.customer_id, owner_id=contact.owner_id)
    return None


async def _as_customer(ctx: Ctx, likely: Sequence[Any]) -> Match | None:
    for one in likely:
        if one.id is not None and OWN & set(one.matches):
            customer = await ctx.session.get_one(Customer, one.id)
            return Match(customer_id=customer.id, owner_id=customer.owner_id)
    return None


def waves(drafts: Iterable[Draft]) -> list[list[Draft]]:
    """Split into parts, one after the other, so that somebody who sent twice is known by the second time."""
    found: list[list[Draft]] = []
    seen: dict[str, int] = {}
    for draft in drafts:
        own = keys(draft[1])
        number = max((seen[key] + 1 for key in own if key in seen), default=0)
        seen |= dict.fromkeys(own, number)
        if number == len(found):
            found.append([])
        found[number].append(draft)
    return found


def keys(data: LeadIn) -> set[str]:
    """What somebody is known by."""
    return {value for value in (data.email, data.mobile, data.phone, data.whatsapp) if value}
