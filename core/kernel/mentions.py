"""Says which stored bytes the rows of a tenant mention, so that nothing is removed that one of them needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import select, union

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
    """Those of some digests that a row mentions, in one statement."""
    asked = [select(column).where(column.in_(digests)) for column in _columns()]
    return frozenset(await session.scalars(union(*asked))) if asked else frozenset()
