"""Says whether any row of a tenant mentions stored bytes, so that nothing is removed that two rows share."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select

from core.kernel.db import Base

SUFFIX = "sha256"


@cache
def _columns() -> tuple[Any, ...]:
    """Every column of a tenant's tables that holds the digest of a stored file, by its name."""
    tables = Base.metadata.sorted_tables
    return tuple(column for table in tables for column in table.columns if column.name.endswith(SUFFIX))


async def is_mentioned(session: Any, sha256: str) -> bool:
    """Whether a row mentions these bytes."""
    found: list[ColumnElement[bool]] = [exists().where(column == sha256) for column in _columns()]
    return bool(found) and bool(await session.scalar(select(or_(*found))))
