"""Says which stored bytes the rows of a tenant mention, so that nothing is removed that one of them needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import func, select, union

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


async def _there(session: Any) -> frozenset[str]:
    """The tables with such columns that this tenant has: a module that is off may have left its own."""
    names = sorted({column.table.name for column in _columns()})
    if not names:
        return frozenset()
    found = (await session.execute(select(*(func.to_regclass(name).is_not(None) for name in names)))).one()
    return frozenset(name for name, is_there in zip(names, found, strict=True) if is_there)
