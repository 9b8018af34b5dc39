"""Reads of leads: what may be the same, among leads and among those who are customers already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_

from core.contacts.records import CONTACT
from core.contacts.schema import ContactIn
from core.customers.records import CUSTOMER
from core.customers.schema import CustomerIn
from core.ext.specs import Duplicate, RecordType
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import LeadIn
from core.records import duplicates
from core.records.duplicates import Keys
from core.tenancy.ctx import Ctx


def keys(lead: Any) -> Keys:
    """What a lead is recognised by: numbers and address. Names and companies are shared by many."""
    found: set[tuple[str, ...]] = {
        ("phone", number) for number in (lead.mobile, lead.phone, lead.whatsapp) if number
    }
    if lead.email:
        found.add(("email", lead.email))
    return frozenset(found)


def _has_one(wanted: Keys) -> ColumnElement[bool]:
    phones = sorted({key[1] for key in wanted if key[0] == "phone"})
    emails = sorted({key[1] for key in wanted if key[0] == "email"})
    return or_(Lead.mobile.in_(phones), Lead.phone.in_(phones), Lead.email.in_(emails))


async def find_duplicates(ctx: Ctx, type_: RecordType, rows: Sequence[Any]) -> Sequence[Sequence[Duplicate]]:
    """Find, for each of several new leads, those that exist with the same number or address."""
    return await duplicates.find(ctx, type_, rows, keys=keys, condition=_has_one)


async def known_customers(ctx: Ctx, lead: Lead) -> Sequence[Duplicate]:
    """Customers that a lead may already be, also those that only the owner's name is told of."""
    return (await customers_like(ctx, [lead]))[0]


async def customers_like(ctx: Ctx, leads: Sequence[Lead | LeadIn]) -> Sequence[Sequence[Duplicate]]:
    """For each of several leads the customers that it may already be."""
    as_customers = [
        CustomerIn(
            name=lead.company or lead.name,
            kind="company" if lead.company else "person",
            phone=lead.phone,
            mobile=lead.mobile,
            email=lead.email,
            city=lead.city,
        )
        for lead in leads
    ]
    return await duplicates.of_each(ctx, CUSTOMER, as_customers)


async def known_contacts(ctx: Ctx, lead: Lead) -> Sequence[Duplicate]:
    """Contacts that a lead may already be."""
    return (await contacts_like(ctx, [lead]))[0]


async def contacts_like(ctx: Ctx, leads: Sequence[Lead | LeadIn]) -> Sequence[Sequence[Duplicate]]:
    """For each of several leads the contacts that it may already be."""
    as_contacts = [
        ContactIn(name=lead.name, phone=lead.phone, mobile=lead.mobile, email=lead.email) for lead in leads
    ]
    return await duplicates.of_each(ctx, CONTACT, as_contacts)
