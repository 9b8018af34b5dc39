"""The demo's deals and leads: enough of every kind, with a past."""

from random import Random

from sqlalchemy import func, select

from core.kernel.clock import FrozenClock
from core.kernel.events.models import EventRow
from core.pipeline.deals.plugin import crm_demo as fill_deals
from core.pipeline.leads.models import Lead
from core.pipeline.leads.plugin import crm_demo as fill_leads
from core.pipeline.models import Deal
from core.pipeline.service_seed import seed


async def test_a_year_of_selling(ann):
    async with ann.acting() as real:
        now = real.now()
    past = ann.runtime.with_clock(FrozenClock(now))
    async with past.open(ann.tenant) as ctx:
        await seed(ctx)
        await fill_deals(ctx, Random(1))
        await fill_leads(ctx, Random(2))
    async with ann.ctx() as ctx:
        rows = await ctx.session.execute(select(Deal.status, func.count()).group_by(Deal.status))
        by_status = dict(rows.all())
        assert by_status["won"] > 25
        assert by_status["lost"] > 15
        assert by_status["open"] > 60
        stages = await ctx.session.scalars(select(Deal.stage_id).where(Deal.status == "open").distinct())
        assert len(list(stages)) == 8
        assert await ctx.session.scalar(select(func.count()).select_from(Lead)) == 60
        oldest = await ctx.session.scalar(select(func.min(EventRow.occurred_at)))
        newest = await ctx.session.scalar(select(func.max(EventRow.occurred_at)))
        assert (newest - oldest).days > 300
        assert newest <= now
        assert await ctx.session.scalar(select(func.max(Deal.closed_at))) <= now
