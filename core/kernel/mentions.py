"""Says which stored bytes the rows of a tenant mention: what one of them needs stays, and what they keep counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select, union, union_all

from core.kernel.db import Base

SUFFIX = "sha256"


@cache
def _columns() -> tuple[Any, ...]:
    """Every column of a tenant's tables that holds the digest of a stored file, by its name."""
    tables = Base.metadata.sorted_tables
    return tuple(column for table in tables for column in table.columns if column.name.endswith(SUFFIX))


async def is_mentioned(session: Any, sha256: str) -> bool:
    """Whether a row mentions these bytes."""
    return bool(await mentioned(session, [sha256]))


async def mentioned(session: Any, digests: Sequence[str]) -> frozenset[str]:
    """Those of some digests that a row mentions; tables of modules that the tenant never had are not there to ask."""
    there = await _there(session)
    asked = [select(column).where(column.in_(digests)) for column in _columns() if column.table.name in there]
    return frozenset(await session.scalars(union(*asked))) if asked else frozenset()


async def kept(session: Any, since: datetime) -> tuple[int, int]:
    """How many bytes rows keep, each file once, and how many of them were not there before an instant.

    Those rows count whose table has ``sha256`` and ``size_bytes``; other mentions are for a while only.
    """
    there = await _there(session)
    tables = [column.table.c for column in _columns() if column.name == SUFFIX and column.table.name in there]
    each = [select(own.sha256, own.size_bytes, own.created_at) for own in tables if "size_bytes" in own]
    if not each:
        return 0, 0
    rows = union_all(*each).subquery().c
    first, size = func.min(rows.created_at).label("first"), func.max(rows.size_bytes).label("size")
    files = select(first, size).group_by(rows.sha256).subquery().c
    total = func.sum(files.size)
    found = await session.execute(select(total, total.filter(files.first >= since)))
    taken, recent = found.one()
    return int(taken or 0), int(recent or 0)


async def _there(session: Any) -> frozenset[str]:
    """The tables with such columns that this tenant has: a module that is off may have left its own."""
    names = sorted({column.table.name for column in _columns()})
    if not names:
        return frozenset()
    found = (await session.execute(select(*(func.to_regclass(name).is_not(None) for name in names)))).one()
    return frozenset(name for name, is_there in zip(names, found, strict=True) if is_there)
