"""What deals show on the Today page: those that need a look, and the funnel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from core.ext.specs import Widget
from core.kernel import money
from core.kernel.i18n import N_
from core.pipeline import queries as pipelines
from core.pipeline.deals import queries
from core.pipeline.deals.queries import Total
from core.pipeline.deals.records import DEAL
from core.pipeline.models import Deal, Stage
from core.records import labels, lists
from core.records.query import parse
from core.tenancy.ctx import Ctx

SOON = timedelta(days=14)
SHOWN = 7
CUSTOMER = tuple(column for column in DEAL.columns if column.key == "customer_id")


async def closing_or_stale(ctx: Ctx) -> tuple[str, dict[str, Any]]:
    """The actor's own open deals that are to close soon or have stood still for long; two statements."""
    today, now = ctx.today(), ctx.now()
    is_closing = Deal.expected_close_on <= today + SOON
    is_stale = and_(
        Stage.rotting_days.is_not(None),
        Deal.stage_entered_at + func.make_interval(0, 0, 0, Stage.rotting_days) <= now,
    )
    statement = (
        select(*Deal.__table__.c, Stage.name.label("stage"), Stage.rotting_days)
        .join(Stage, Stage.id == Deal.stage_id)
        .where(
            Deal.owner_id == ctx.actor.member_id,
            Deal.status == "open",
            Deal.deleted_at.is_(None),
            or_(is_closing, is_stale),
        )
        .order_by(Deal.expected_close_on.asc().nulls_last(), Deal.stage_entered_at, Deal.id)
        .limit(SHOWN + 1)
    )
    rows = (await ctx.session.execute(statement)).all()
    names = await labels.resolve(ctx, labels.wanted(CUSTOMER, rows))
    shown = [
        {
            "deal": row,
            "customer": names.get(("customer", row.customer_id), "") if row.customer_id else "",
            "is_late": row.expected_close_on is not None and row.expected_close_on < today,
            "days": (now - row.stage_entered_at).days,
            "is_stale": row.rotting_days is not None
            and (now - row.stage_entered_at).days >= row.rotting_days,
        }
        for row in rows[:SHOWN]
    ]
    return "deals/closing.html", {"deals": shown, "has_more": len(rows) > SHOWN}


async def funnel(ctx: Ctx) -> tuple[str, dict[str, Any]]:
    """The open deals of the default pipeline by stage, as far as the actor sees them; two statements."""
    ways = await pipelines.ways(ctx)
    chosen = next((way for way in ways if way[0].is_default), ways[0] if ways else None)
    if chosen is None:
        return "deals/funnel.html", {"rows": [], "pipeline": None, "total": ""}
    pipeline, stages = chosen
    totals = await queries.totals(ctx, pipeline.id, parse(DEAL, (), lists.reading(ctx)))
    own = ctx.tenant.currency
    rows = []
    for stage in stages:
        total = totals.get(stage.id, Total())
        worth = float(total.base_sum_minor) / 10 ** money.digits(own)
        shown = money.compact(total.base_sum_minor, own, ctx.locale)
        link = ctx.w(f"/deals?f=stage_id:eq:{stage.id}&f=status:eq:open")
        rows.append((stage.name, (worth, shown), link))
    weighted = sum(total.weighted_minor for total in totals.values())
    said = ctx.t(N_("weighted {sum}"), sum=money.compact(weighted, own, ctx.locale))
    return "deals/funnel.html", {"rows": rows, "pipeline": pipeline, "total": said}


WIDGETS: list[Widget] = [
    Widget(
        key="deals-closing",
        title=N_("My deals that need a look"),
        render=closing_or_stale,
        order=200,
        permission="deals.view",
    ),
    Widget(key="funnel", title=N_("Funnel"), render=funnel, order=210, permission="deals.view"),
]
