"""What modules are used for: how often a day each of their permissions was used, and by whom.

Owns ``control.plugin_use``. Emits nothing. Never counts a request before it is let in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.db import ControlBase, Mapped, mapped_column

KEPT_DAYS: Final = 30


class Use(NamedTuple):
    """What is counted together; ``kind`` is who: member, key or public."""

    tenant_id: UUID
    plugin: str
    permission: str
    kind: str
    day: date


class PluginUse(ControlBase):
    """How often one permission of a module was used on one day; ``permission`` is empty for public pages."""

    __tablename__ = "plugin_use"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    plugin: Mapped[str] = mapped_column(primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    uses: Mapped[int] = mapped_column(Integer())


async def add(session: AsyncSession, counts: Mapping[Use, int]) -> None:
    """Add counts to what stands there."""
    rows = [{**use._asdict(), "uses": uses} for use, uses in sorted(counts.items())]
    statement = insert(PluginUse)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "plugin", "permission", "kind", "day"],
            set_={"uses": PluginUse.uses + statement.excluded.uses},
        ),
        rows,
    )


async def trim(session: AsyncSession, before: date) -> None:
    """Remove what is older."""
    await session.execute(delete(PluginUse).where(PluginUse.day < before))
