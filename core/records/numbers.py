"""Numbers that people read: customer 000123, issued in blocks from one row of the workspace.

Owns ``number_series``. Gaps are allowed: a number taken by a transaction that fails is lost, and so are those that a
process held in stock. Where the numbers of a workspace go fast, a process takes more than it needs and gives them to
the transactions after, which then need not wait for the row.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import text

from core.kernel.statements import Statement
from core.tenancy.ctx import Ctx

SOON_S = 1.0
"""Takings that follow each other within this time make the next block larger."""
FRESH_S = 10.0
"""So long numbers in stock are given out; later ones would stand among much higher numbers."""
MOST = 64
PLACES = 10_000

# Written out: composing them anew for each record takes longer than running them.
_TAKE = Statement(
    text("""
UPDATE number_series SET following = following + CAST(:count AS integer) WHERE key = :key
RETURNING following - CAST(:count AS integer), prefix, width
""")
)
_FIRST = Statement(
    text("""
INSERT INTO number_series (key, prefix, width, following) VALUES (:key, :prefix, 6, 1) ON CONFLICT DO NOTHING
""")
)

Place = tuple[str, str]


@dataclass(slots=True)
class _Shelf:
    """The numbers of one series that this process took and has not given out."""

    numbers: deque[str] = field(default_factory=deque)
    filled_at: float = 0.0
    taken_at: float = -SOON_S
    size: int = 0


class Stock:
    """Numbers in stock, by schema and series; those of transactions that were committed alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shelves: OrderedDict[Place, _Shelf] = OrderedDict()

    def draw(self, place: Place, count: int) -> list[str] | None:
        """Take numbers from the stock; None where there are too few."""
        shelf = self._shelf(place)
        if len(shelf.numbers) < count or self._clock() - shelf.filled_at > FRESH_S:
            return None
        return [shelf.numbers.popleft() for _ in range(count)]

    def more(self, place: Place) -> int:
        """Say how many to take beyond what is needed now: none at first, more the faster they go."""
        shelf, now = self._shelf(place), self._clock()
        is_soon = now - shelf.taken_at < SOON_S
        shelf.size = min(max(1, shelf.size * 2), MOST) if is_soon else 0
        shelf.taken_at = now
        return shelf.size

    def put(self, place: Place, numbers: list[str]) -> None:
        """Keep numbers that nobody needed; what is too old to be given out is dropped."""
        shelf, now = self._shelf(place), self._clock()
        if now - shelf.filled_at > FRESH_S:
            shelf.numbers.clear()
        shelf.numbers.extend(numbers)
        shelf.filled_at = now

    def _shelf(self, place: Place) -> _Shelf:
        shelf = self._shelves.setdefault(place, _Shelf())
        self._shelves.move_to_end(place)
        while len(self._shelves) > PLACES:
            self._shelves.popitem(last=False)
        return shelf


async def take(ctx: Ctx, key: str, *, prefix: str, count: int = 1) -> list[str]:
    """Take ``count`` numbers. The row may stay locked until the transaction ends, so take them last."""
    stock = ctx.machinery.part(Stock, Stock)
    place = (ctx.tenant.schema, key)
    ready = stock.draw(place, count)
    if ready is not None:
        return ready
    more = stock.more(place)
    numbers = await _taken(ctx, key, prefix, count + more)
    if more:
        ctx.after_commit(partial(stock.put, place, numbers[count:]))
    return numbers[:count]


async def _taken(ctx: Ctx, key: str, prefix: str, count: int) -> list[str]:
    values = {"key": key, "count": count}
    found = await ctx.session.run(_TAKE, values)
    if not found:
        await ctx.session.run(_FIRST, {"key": key, "prefix": prefix})
        found = await ctx.session.run(_TAKE, values)
    start, shown, width = found[0]
    return [f"{shown}{number:0{width}d}" for number in range(start, start + count)]
