"""How `q=` finds records: by their label, until the search package lends its index."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_

from core.ext.specs import RecordType
from core.records.ops import like

Condition = Callable[[Any, RecordType, str], ColumnElement[bool]]
Option = tuple[str, str, str]
Best = Callable[[Any, RecordType, str, int], Awaitable[Sequence[Option] | None]]


def by_label(_ctx: Any, type_: RecordType, text: str) -> ColumnElement[bool]:
    """Match records whose label contains every word of `text`."""
    return and_(*(like(type_.label, word, anywhere=True) for word in text.split()[:8]))


async def unranked(_ctx: Any, _type: RecordType, _text: str, _limit: int) -> None:
    """Know no ranking: whoever asks takes the list in its order."""


_condition: Condition = by_label
_best: Best = unranked


def use(condition: Condition, best: Best) -> None:
    """Have `q=` ask `condition(ctx, type, text)`, and fields `best(ctx, type, text, limit)`; called at boot."""
    global _condition, _best
    _condition, _best = condition, best


def matching(ctx: Any, type_: RecordType, text: str) -> ColumnElement[bool]:
    """Return the condition of the records that `text` finds."""
    return _condition(ctx, type_, text)


async def best(ctx: Any, type_: RecordType, text: str, limit: int) -> Sequence[Option] | None:
    """Return the best finds as id, label and hint; None where nothing ranks records of this type."""
    return await _best(ctx, type_, text, limit)
