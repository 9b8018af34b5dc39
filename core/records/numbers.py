"""Numbers that people read: customer 000123, issued in blocks from one locked row of the workspace.

Owns ``number_series``. Gaps are allowed: a number taken by a transaction that fails is lost.
"""

from __future__ import annotations

from sqlalchemy import text

from core.tenancy.ctx import Ctx

# Written out: composing them anew for each record takes longer than running them.
_TAKE = text("""
UPDATE number_series SET following = following + CAST(:count AS integer) WHERE key = :key
RETURNING following - CAST(:count AS integer), prefix, width
""")
_FIRST = text("""
INSERT INTO number_series (key, prefix, width, following) VALUES (:key, :prefix, 6, 1) ON CONFLICT DO NOTHING
""")


async def take(ctx: Ctx, key: str, *, prefix: str, count: int = 1) -> list[str]:
    """Take ``count`` numbers. The row stays locked until the transaction ends, so take them last."""
    values = {"key": key, "count": count}
    row = (await ctx.session.execute(_TAKE, values)).first()
    if row is None:
        await ctx.session.execute(_FIRST, {"key": key, "prefix": prefix})
        row = (await ctx.session.execute(_TAKE, values)).one()
    start, shown, width = row
    return [f"{shown}{number:0{width}d}" for number in range(start, start + count)]
