"""The history of a demo workspace."""

from random import Random

import pytest
from sqlalchemy import func, select

from core.activities.models import Activity
from core.activities.tasks.models import Task
from core.customers import service as customers
from core.customers.schema import CustomerIn
from core.home import demo


async def story(ctx):
    return (
        await ctx.session.execute(
            select(Activity.kind, Activity.body, Activity.outcome).order_by(Activity.occurred_at, Activity.id)
        )
    ).all()


async def test_half_a_year_happened_and_something_is_ahead(ctx, monkeypatch):
    monkeypatch.setattr(demo, "ACTIVITIES", 120)
    await customers.create_many(ctx, [CustomerIn(name=f"Customer {n}") for n in range(8)])
    await demo.fill(ctx, Random(7))
    first, last = (
        await ctx.session.execute(select(func.min(Activity.occurred_at), func.max(Activity.occurred_at)))
    ).one()
    assert (ctx.now() - first).days > 100
    assert last <= ctx.now()
    is_open = Task.done_at.is_(None)
    for condition in (Task.due_on < ctx.today(), Task.due_on > ctx.today(), Task.starts_at > ctx.now()):
        assert await ctx.session.scalar(select(func.count()).where(is_open, condition)) > 0


async def test_an_empty_workspace_has_no_history(ctx):
    await demo.fill(ctx, Random(7))
    assert await story(ctx) == []


@pytest.mark.parametrize("texts", [demo.CHINESE, demo.ENGLISH])
def test_every_kind_has_its_words(texts):
    assert set(texts.logged) == set(demo.KINDS)
