"""A condition that a module lends to another module's lists: asked about, offered, stopped, never true by accident."""

from __future__ import annotations

import pytest

from core.customers import service as customers
from core.customers.schema import CustomerIn
from core.kernel.errors import BadRequest, Invalid
from core.records import foreign, lists
from core.records.metadata import describe
from core.records.query import parse, parse_page

PLUGIN = """
from core.sdk import Customer, exists, select

def starts(ctx, id_column, op, values):
    one = Customer.__table__.alias()
    return exists(select(1).select_from(one).where(one.c.id == id_column, one.c.name.startswith(values[0])))

def broken(ctx, id_column, op, values):
    raise ValueError("no")

def nonsense(ctx, id_column, op, values):
    return True

async def letters(ctx):
    return [("A", "Words with A"), ("B", "Words with B")]

async def no_letters(ctx):
    raise ValueError("no")

@hookimpl
def crm_filters():
    one = dict(record_type="customer", title="Begins with")
    return [
        Filter(key="starts", condition=starts, choices=letters, **one),
        Filter(key="broken", condition=broken, choices=no_letters, **one),
        Filter(key="nonsense", condition=nonsense, kind="text", **one),
        Filter(key="count", condition=starts, kind="number", **one),
    ]
"""


async def names(ctx, *pairs) -> list[str]:
    type_ = ctx.machinery.registry.records["customer"]
    query = parse(type_, pairs, lists.reading(ctx))
    return sorted(row.name for row in (await lists.run(ctx, query)).rows)


async def test_a_lent_condition_narrows_a_list(on_ann) -> None:
    async with on_ann(PLUGIN) as ctx:
        for name in ("Anna", "Bert", "Bodo"):
            await customers.create(ctx, CustomerIn(name=name))
        assert await names(ctx, ("f", "planted.starts:eq:A")) == ["Anna"]
        assert await names(ctx, ("planted.starts", "B")) == ["Bert", "Bodo"]
        assert await names(ctx, ("f", "planted.starts:eq:B"), ("f", "name:contains:ode")) == []


async def test_a_condition_of_a_module_that_is_off_finds_nothing_and_says_so(on_ann) -> None:
    async with on_ann(PLUGIN, is_on=False) as ctx:
        await customers.create(ctx, CustomerIn(name="Anna"))
        type_ = ctx.machinery.registry.records["customer"]
        pairs = [("f", "planted.starts:eq:A")]
        query, error = parse_page(type_, pairs, lists.reading(ctx))
        assert isinstance(error, BadRequest)
        assert "switched off" in error.errors[0].message
        assert (await lists.run(ctx, query)).rows == []
        assert await lists.counted(ctx, query) == 0


async def test_a_condition_that_fails_is_never_true(on_ann) -> None:
    async with on_ann(PLUGIN) as ctx:
        for key in ("broken", "nonsense"):
            with pytest.raises(Invalid) as caught:
                await names(ctx, ("f", f"planted.{key}:eq:x"))
            assert caught.value.errors[0].code == "broken"


async def test_it_is_described_and_offered_like_any_other(on_ann) -> None:
    async with on_ann(PLUGIN) as ctx:
        type_ = ctx.machinery.registry.records["customer"]
        found = {column.name: column for column in describe(ctx, type_).columns}
        assert found["planted.starts"].operations == ["eq", "in"]
        assert found["planted.count"].operations == ["eq", "gt", "gte", "lt", "lte", "between"]
        assert not found["planted.starts"].sortable
        _, error = parse_page(type_, [("sort", "planted.starts")], lists.reading(ctx))
        assert error is not None


async def test_its_choices_are_found_by_name_and_a_failure_offers_none(on_ann) -> None:
    async with on_ann(PLUGIN) as ctx:
        lent = lists.reading(ctx).foreign["customer"]
        assert await foreign.offers(ctx, lent["planted.starts"], "with b", 10) == [("B", "Words with B")]
        assert await foreign.offers(ctx, lent["planted.broken"], "", 10) == ()
        assert await foreign.offers(ctx, lent["planted.count"], "", 10) == ()
