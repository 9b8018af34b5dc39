"""Numbers that people read: customer 000123, issued in blocks from one locked row of the workspace.

Owns ``number_series``. Gaps are allowed: a number taken by a transaction that fails is lost.
"""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from core.records.models import NumberSeries
from core.tenancy.ctx import Ctx


async def take(ctx: Ctx, key: str, *, prefix: str, count: int = 1) -> list[str]:
    """Take ``count`` numbers. The row stays locked until the transaction ends, so take them last."""
    statement = (
        update(NumberSeries)
        .where(NumberSeries.key == key)
        .values(following=NumberSeries.following + count)
        .returning(NumberSeries.following - count, NumberSeries.prefix, NumberSeries.width)
    )
    row = (await ctx.session.execute(statement)).first()
    if row is None:
        first = insert(NumberSeries).values(key=key, prefix=prefix, width=6, following=1)
        await ctx.session.execute(first.on_conflict_do_nothing())
        row = (await ctx.session.execute(statement)).one()
    start, shown, width = row
    return [f"{shown}{number:0{width}d}" for number in range(start, start + count)]
