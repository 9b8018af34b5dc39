"""The demo's customers and contacts: enough of them, the same on every run, and all valid."""

from dataclasses import replace
from random import Random

import msgspec
import pytest
from sqlalchemy import func, select

from core.contacts import service_demo as contacts
from core.contacts.models import Contact
from core.contacts.schema import ContactIn
from core.customers import service_demo as customers
from core.customers.models import Customer
from core.customers.schema import CustomerIn
from core.kernel.validate import convert


async def filled(ctx):
    await customers.fill(ctx, Random(7))
    await contacts.fill(ctx, Random(7))
    people = list(await ctx.session.scalars(select(Contact)))
    return list(await ctx.session.scalars(select(Customer).order_by(Customer.number))), people


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
async def test_both_workspaces_are_filled_with_valid_rows(ctx, locale):
    ctx.tenant = replace(ctx.tenant, locale=locale)
    companies, people = await filled(ctx)
    assert len(companies) == 120
    assert 150 <= len(people) <= 260
    assert len({c.name for c in companies}) > 110
    for record, struct in [(c, CustomerIn) for c in companies] + [(p, ContactIn) for p in people]:
        values = {name: msgspec.to_builtins(getattr(record, name)) for name in struct.__struct_fields__}
        again = convert(struct, values)
        assert {n: msgspec.to_builtins(getattr(again, n)) for n in struct.__struct_fields__} == values
    assert await ctx.session.scalar(select(func.count()).where(Contact.customer_id.is_(None))) == 0


async def test_they_are_the_same_on_every_run(ann):
    runs = []
    for _ in range(2):
        async with ann.ctx() as ctx:
            companies, people = await filled(ctx)
            runs.append(([c.name for c in companies], sorted(p.name for p in people)))
    assert runs[0] == runs[1]
