"""Reads of customers: what may be the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_

from core.customers.models import Customer
from core.ext.specs import Duplicate, RecordType
from core.kernel.text import strip_company
from core.records import duplicates
from core.records.duplicates import Keys
from core.tenancy.ctx import Ctx


def keys(customer: Any) -> Keys:
    """What a customer is recognised by: name, numbers, address.

    A company by its name alone; a person's name is shared by many, so it needs the city with it.
    """
    found: set[tuple[str, ...]] = set()
    name = strip_company(customer.name)
    if customer.kind == "company":
        found.add(("name", name))
    elif customer.city:
        found.add(("name", name, customer.city))
    found |= {("phone", number) for number in (customer.phone, customer.mobile, customer.whatsapp) if number}
    if customer.email:
        found.add(("email", customer.email))
    return frozenset(found)


def _has_one(wanted: Keys) -> ColumnElement[bool]:
    values = {
        name: sorted({key[1] for key in wanted if key[0] == name}) for name in ("name", "phone", "email")
    }
    return or_(
        Customer.name_key.in_(values["name"]),
        Customer.phone.in_(values["phone"]),
        Customer.mobile.in_(values["phone"]),
        Customer.email.in_(values["email"]),
    )


async def find_duplicates(ctx: Ctx, type_: RecordType, rows: Sequence[Any]) -> Sequence[Sequence[Duplicate]]:
    """Find, for each of several new customers, those that exist with the same name, number or address."""
    return await duplicates.find(ctx, type_, rows, keys=keys, condition=_has_one)
