"""Reads of contacts: what may be the same, who sits where at a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select

from core.contacts.models import Contact, ContactRole
from core.contacts.schema_parts import Department, RoleOut, Seat
from core.customers.models import Customer
from core.ext.specs import Duplicate, RecordType
from core.records import duplicates
from core.records.duplicates import Keys
from core.tenancy.ctx import Ctx

MOST = 300


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


async def roles(ctx: Ctx, contact_id: UUID) -> list[RoleOut]:
    """Read a contact's parts at further customers that the actor may see."""
    found = (
        select(Customer.id, Customer.name, ContactRole.role, ContactRole.position)
        .join(ContactRole, ContactRole.customer_id == Customer.id)
        .where(ContactRole.contact_id == contact_id, ctx.visible(Customer, "customers.view"))
        .order_by(Customer.name)
        .limit(MOST)
    )
    return [
        RoleOut(customer_id=row[0], customer_name=row[1], role=row[2], position=row[3])
        for row in await ctx.session.execute(found)
    ]


async def of_customer(ctx: Ctx, customer_id: UUID, *, most: int = MOST) -> list[Contact]:
    """Read the contacts of a customer that the actor may see, by name."""
    mine = (
        Contact.customer_id == customer_id,
        Contact.restricted_at.is_(None),
        ctx.visible(Contact, "contacts.view"),
    )
    found = select(Contact).where(*mine).order_by(Contact.name, Contact.id).limit(most)
    return list(await ctx.session.scalars(found))


async def organisation(ctx: Ctx, customer_id: UUID) -> list[Department]:
    """Read who sits where at a customer: departments by their names, a slash leads into one."""
    seats = [(contact.department or "", _seat(contact)) for contact in await of_customer(ctx, customer_id)]
    seen = ctx.visible(Contact, "contacts.view")
    guests = (
        select(Contact, ContactRole.role, ContactRole.position)
        .join(ContactRole, ContactRole.contact_id == Contact.id)
        .where(ContactRole.customer_id == customer_id, Contact.restricted_at.is_(None), seen)
        .order_by(Contact.name, Contact.id)
        .limit(MOST)
    )
    for contact, role, position in await ctx.session.execute(guests):
        seat = msgspec.structs.replace(_seat(contact), role=role, position=position, is_guest=True)
        seats.append(("", seat))
    return _departments(seats)


def _departments(seats: Sequence[tuple[str, Seat]]) -> list[Department]:
    found: dict[tuple[str, ...], list[Seat]] = {}
    for department, seat in seats:
        path = tuple(part.strip() for part in department.split("/") if part.strip())
        for depth in range(1, len(path)):
            found.setdefault(path[:depth], [])
        found.setdefault(path, []).append(seat)
    # People without a department, and guests, come last.
    ordered = sorted(found, key=lambda path: (not path, path))
    return [
        Department(
            name=path[-1] if path else "",
            path="/".join(path),
            depth=max(len(path) - 1, 0),
            seats=_by_rank(found[path]),
        )
        for path in ordered
    ]


def _by_rank(seats: Sequence[Seat]) -> list[Seat]:
    """Put superiors before those who report to them."""
    above = {seat.id: seat.reports_to_id for seat in seats}

    def rank(seat: Seat) -> int:
        steps, one = 0, seat.reports_to_id
        while one in above and steps < len(above):
            steps, one = steps + 1, above[one]
        return steps

    return sorted(seats, key=lambda seat: (rank(seat), seat.name))


def _seat(contact: Contact) -> Seat:
    return msgspec.convert(contact, Seat, from_attributes=True)


async def team(ctx: Ctx, contact: Contact) -> list[tuple[str, Contact]]:
    """Read whom a contact reports to and who reports to him, as 'above' and 'below'."""
    near = or_(Contact.id == contact.reports_to_id, Contact.reports_to_id == contact.id)
    found = (
        select(Contact)
        .where(near, Contact.restricted_at.is_(None), ctx.visible(Contact, "contacts.view"))
        .order_by(Contact.name)
    )
    return sorted(
        (
            ("above" if one.id == contact.reports_to_id else "below", one)
            for one in await ctx.session.scalars(found.limit(MOST))
        ),
        key=lambda pair: pair[0],
    )
