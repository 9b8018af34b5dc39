"""The context of a verb: what it asks of the policy, what it refuses, and what it writes last."""

from uuid import UUID

import pytest
from sqlalchemy import text

from core.customers.events import CustomerUpdated
from core.customers.models import Customer
from core.kernel.errors import AppError, Forbidden, NotFound
from core.kernel.statements import Write
from core.tenancy import ctx as contexts
from tests.core.activities.test_activities import customer
from tests.fixtures.people import Person


async def test_a_record_that_may_not_even_be_seen_is_not_there(ann: Person, bo: Person, rea: Person) -> None:
    customer_id = await customer(ann)
    async with bo.ctx() as ctx:
        record = await ctx.session.get_one(Customer, UUID(customer_id))
        assert not await ctx.can_on("customers.edit", record)
        assert not (await ctx.why("customers.view", record)).allowed
        with pytest.raises(NotFound):
            await ctx.require("customers.edit", record)
        with pytest.raises(Forbidden):
            await ctx.require("members.manage")
    async with rea.ctx() as ctx:
        record = await ctx.session.get_one(Customer, UUID(customer_id))
        with pytest.raises(Forbidden):
            await ctx.require("customers.edit", record)
    async with ann.ctx() as ctx:
        await ctx.require("customers.edit", await ctx.session.get_one(Customer, UUID(customer_id)))


async def test_who_only_reads_writes_nothing(ann: Person) -> None:
    async with ann.runtime.enter(ann.principal, readonly=True) as ctx:
        for refused in (
            lambda: ctx.emit(CustomerUpdated(subject_id=ann.member_id)),
            lambda: ctx.write_last(Write((("x", "SELECT 1"),), {})),
        ):
            with pytest.raises(RuntimeError, match="cannot write"):
                refused()


async def test_subscribers_that_answer_each_other_without_end_are_stopped(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def again(ctx, event):
        ctx.emit(event)

    async with ann.ctx() as ctx:
        monkeypatch.setattr(type(ctx.machinery), "in_transaction", lambda *_: [again])
        ctx.emit(CustomerUpdated(subject_id=ann.member_id))
        with pytest.raises(AppError) as stopped:
            await ctx.flush()
        assert stopped.value.code == "events.loop"
        assert contexts.ROUNDS > 1


async def test_what_is_written_last_is_written_with_the_events(ann: Person) -> None:
    statement = "UPDATE customer SET name = :last_name WHERE id = :last_id RETURNING 1"
    seen: list[int] = []
    customer_id = UUID(await customer(ann))
    async with ann.acting() as ctx:
        values = {"last_name": "Written last", "last_id": customer_id}
        ctx.write_last(Write((("renamed", statement),), values, check=seen.append))
        ctx.emit(CustomerUpdated(subject_id=customer_id))
        kept = ctx.now()
        event = CustomerUpdated(subject_id=customer_id, happened_at=kept)
        ctx.emit(event)
    assert seen == [1]
    async with ann.ctx() as ctx:
        assert await ctx.session.scalar(text("SELECT name FROM customer WHERE name = 'Written last'"))


async def test_a_module_that_has_no_settings_has_none(ann: Person) -> None:
    async with ann.ctx() as ctx:
        with pytest.raises(KeyError):
            ctx.settings("customers")
