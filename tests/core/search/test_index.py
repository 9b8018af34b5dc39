"""How the index is kept: what it costs, and how it is written anew."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import delete, select

from core.contacts import service as contacts
from core.contacts.schema import ContactIn
from core.customers import service as customers
from core.customers.schema import CustomerIn
from core.search import queries, service
from core.search.jobs import NAME, RebuildParams
from core.search.models import SearchDocument
from tests.contract.statements import counted


@pytest.fixture
def searches() -> Iterator[Callable[[], list[str]]]:
    with counted() as seen:

        def of_search() -> list[str]:
            found = [one for one in seen if "search_document" in one]
            seen.clear()
            return found

        yield of_search


async def test_a_transaction_costs_one_statement_however_much_it_touched(ctx, searches):
    await customers.create_many(ctx, [CustomerIn(name=f"恒通{n}") for n in range(50)])
    await contacts.create_many(ctx, [ContactIn(name=f"张伟{n}") for n in range(50)])
    await ctx.flush()
    assert len(searches()) == 1


async def test_a_question_is_one_statement(ctx, searches):
    await queries.find(ctx, "张伟")
    assert len(searches()) == 1


async def test_records_that_the_session_lost_are_read_together(ctx):
    made = await customers.create_many(ctx, [CustomerIn(name=f"恒通{n}") for n in range(3)])
    ctx.session.expunge_all()
    del made
    await ctx.flush()
    assert len(await queries.find(ctx, "恒通")) == 3


async def test_what_is_rolled_back_is_not_found(ann):
    async with ann.ctx() as ctx:
        await customers.create(ctx, CustomerIn(name="恒通"))
        await ctx.flush()
        assert await queries.find(ctx, "恒通")
    async with ann.ctx() as ctx:
        assert not await queries.find(ctx, "恒通")


async def test_the_job_writes_everything_anew(ann, drain, monkeypatch):
    monkeypatch.setattr(service, "BATCH", 2)
    async with ann.acting() as ctx:
        made = await customers.create_many(ctx, [CustomerIn(name=f"恒通{n}") for n in range(5)])
        await contacts.create(ctx, ContactIn(name="张伟"))
    async with ann.acting() as ctx:
        await ctx.session.execute(delete(SearchDocument).where(SearchDocument.record_id != made[0].id))
        gone = SearchDocument(
            record_type="contact", record_id=made[0].id, title="?", subtitle="", folded="", terms="",
            touched_at=ctx.now(),
        )  # fmt: skip
        ctx.session.add(gone)
        ctx.enqueue(NAME, RebuildParams())
    await drain()
    async with ann.ctx() as ctx:
        assert len(await queries.find(ctx, "恒通")) == 5
        assert len(await queries.find(ctx, "zw")) == 1
        assert len((await ctx.session.scalars(select(SearchDocument.record_id))).all()) == 6
