"""Reads of leads: what may be the same, among leads and among those who are customers already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select, true, union_all

from core.contacts.records import CONTACT
from core.contacts.schema import ContactIn
from core.customers.records import CUSTOMER
from core.customers.schema import CustomerIn
from core.ext.specs import Duplicate, RecordType
from core.kernel import paging
from core.pipeline.boards import CARDS
from core.pipeline.leads.models import Lead
from core.pipeline.leads.schema import LeadIn
from core.records import duplicates, lists
from core.records.duplicates import Keys
from core.records.query import ListQuery
from core.tenancy.ctx import Ctx

OPEN: Final = ("new", "contacted", "qualified")
"""What is worked on: the columns of the board, in their order."""
KEYS: Final = (
    paging.Key("created_at", Lead.created_at, descending=True),
    paging.Key("id", Lead.id, descending=True),
)
_COLUMNS: Final = tuple(Lead.__table__.c)


@dataclass(frozen=True, slots=True)
class Column:
    """A status of the board with its newest leads, and where the next ones begin."""

    status: str
    count: int
    leads: Sequence[Any]
    next: str | None


async def board(ctx: Ctx, query: ListQuery) -> list[Column]:
    """Read the board in two statements."""
    counted = await counts(ctx, query)
    ids = [_cards(ctx, query, status).with_only_columns(Lead.id).subquery() for status in OPEN]
    above = union_all(*(select(one.c.id) for one in ids)).subquery("above")
    statement = select(*_COLUMNS).join(above, above.c.id == Lead.id).order_by(*paging.order_by(KEYS))
    rows = (await ctx.session.execute(statement)).all()
    columns = []
    for status in OPEN:
        page = paging.cut(KEYS, [row for row in rows if row.status == status], CARDS)
        columns.append(Column(status, counted.get(status, 0), page.items, page.next_cursor))
    return columns


async def counts(ctx: Ctx, query: ListQuery) -> dict[str, int]:
    """Count the leads of each column, in one statement."""
    statement = (
        select(Lead.status, func.count())
        .where(Lead.status.in_(OPEN), *_at_hand(ctx, query))
        .group_by(Lead.status)
    )
    return {status: int(count) for status, count in await ctx.session.execute(statement)}


async def column(ctx: Ctx, status: str, query: ListQuery, cursor: str) -> paging.Page[Any]:
    """The next leads of one column."""
    after = paging.following(KEYS, paging.decode(KEYS, cursor)) if cursor else true()
    statement = _cards(ctx, query, status).where(after)
    return paging.cut(KEYS, (await ctx.session.execute(statement)).all(), CARDS)


def _cards(ctx: Ctx, query: ListQuery, status: str) -> Select[Any]:
    found = select(*_COLUMNS).where(Lead.status == status, *_at_hand(ctx, query))
    return found.order_by(*paging.order_by(KEYS)).limit(CARDS + 1)


def _at_hand(ctx: Ctx, query: ListQuery) -> list[ColumnElement[bool]]:
    # The bin is no part of a board, even where an address asks for it.
    return [Lead.deleted_at.is_(None), *lists.conditions(ctx, query)]


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
