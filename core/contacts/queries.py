"""Reads of contacts: what may be the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_

from core.contacts.models import Contact
from core.ext.specs import Duplicate, RecordType
from core.records import duplicates
from core.records.duplicates import Keys
from core.tenancy.ctx import Ctx


def keys(contact: Any) -> Keys:
    """What a contact is recognised by: mobile, address, or name at the same customer.

    Not by the landline: everybody at a company has the switchboard's.
    """
    found: set[tuple[str, ...]] = {
        ("mobile", number) for number in (contact.mobile, contact.whatsapp) if number
    }
    if contact.email:
        found.add(("email", contact.email))
    if contact.customer_id:
        found.add(("name", contact.name.lower(), str(contact.customer_id)))
    return frozenset(found)


def _has_one(wanted: Keys) -> ColumnElement[bool]:
    values = {
        name: sorted({key[1] for key in wanted if key[0] == name}) for name in ("name", "mobile", "email")
    }
    places = sorted({key[2] for key in wanted if key[0] == "name"})
    return or_(
        Contact.mobile.in_(values["mobile"]),
        Contact.email.in_(values["email"]),
        and_(
            Contact.customer_id.in_([UUID(place) for place in places]),
            func.lower(Contact.name).in_(values["name"]),
        ),
    )


async def find_duplicates(ctx: Ctx, type_: RecordType, rows: Sequence[Any]) -> Sequence[Sequence[Duplicate]]:
    """Find, for each of several new contacts, those with the same mobile, address, or name and customer."""
    return await duplicates.find(ctx, type_, rows, keys=keys, condition=_has_one)
