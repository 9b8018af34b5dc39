"""Touching: what activities note on customers and contacts."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from core.contacts import service as contacts
from core.contacts.schema import ContactIn
from core.customers import service
from core.customers.models import Customer
from core.customers.schema import CustomerIn
from core.kernel.errors import NotFound


async def test_a_touch_notes_the_contact_and_the_next_step_and_leaves_the_version(ctx):
    customer = await service.create(ctx, CustomerIn(name="恒通贸易"))
    version, at = customer.version, ctx.now()
    await service.touch(ctx, customer.id, at=at, next_follow_up_on=date(2030, 1, 2))
    await ctx.session.refresh(customer)
    assert (customer.last_contacted_at, customer.next_follow_up_on) == (at, date(2030, 1, 2))
    assert customer.version == version


async def test_an_earlier_contact_does_not_overwrite_a_later_one(ctx):
    customer = await service.create(ctx, CustomerIn(name="恒通贸易", next_follow_up_on=date(2030, 1, 2)))
    at = ctx.now()
    await service.touch(ctx, customer.id, at=at)
    await service.touch(ctx, customer.id, at=at - timedelta(days=3))
    await ctx.session.refresh(customer)
    assert customer.last_contacted_at == at
    assert customer.next_follow_up_on == date(2030, 1, 2)
    await service.touch(ctx, customer.id, at=None, next_follow_up_on=None)
    assert customer.next_follow_up_on is None


async def test_a_contact_is_touched_alone(ctx):
    customer = await service.create(ctx, CustomerIn(name="恒通贸易"))
    contact = await contacts.create(ctx, ContactIn(name="张伟", customer_id=customer.id))
    await contacts.touch(ctx, contact.id, at=ctx.now())
    await ctx.session.refresh(contact)
    await ctx.session.refresh(customer)
    assert contact.last_contacted_at is not None
    assert customer.last_contacted_at is None


async def test_what_one_may_not_see_one_may_not_touch(ann, bo):
    made = (await ann.api.post("/customers", json={"name": "恒通贸易"})).json()
    async with bo.ctx() as ctx:
        with pytest.raises(NotFound):
            await service.touch(ctx, made["id"], at=ctx.now())
        with pytest.raises(NotFound):
            await contacts.touch(ctx, uuid4(), at=ctx.now())
    async with ann.ctx() as ctx:
        assert (await ctx.session.get(Customer, made["id"])).last_contacted_at is None
