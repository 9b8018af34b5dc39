"""How `q=` finds records: by their label, until the search package lends its index."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_

from core.ext.specs import RecordType
from core.records.ops import like

Condition = Callable[[Any, RecordType, str], ColumnElement[bool]]


def by_label(_ctx: Any, type_: RecordType, text: str) -> ColumnElement[bool]:
    """Match records whose label contains every word of `text`."""
    return and_(*(like(type_.label, word, anywhere=True) for word in text.split()[:8]))


_condition: Condition = by_label


def use(condition: Condition) -> None:
    """Have `q=` ask `condition(ctx, type, text)` from now on; called once, while the process boots."""
    global _condition
    _condition = condition


def matching(ctx: Any, type_: RecordType, text: str) -> ColumnElement[bool]:
    """Return the condition of the records that `text` finds."""
    return _condition(ctx, type_, text)
