"""What modules did wrong at work: how often a day each of their parts failed in each workspace, and how last.

Owns ``control.plugin_fault``. Emits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Text, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.db import ControlBase, Mapped, mapped_column


class Fault(NamedTuple):
    """What is counted together; ``place`` is the part that failed, such as ``panel stars``."""

    tenant_id: UUID
    plugin: str
    place: str
    day: date


@dataclass(frozen=True, slots=True)
class Faulted:
    """How often it failed, and how the last time."""

    faults: int
    last_at: datetime
    error: str
    request_id: str


class PluginFault(ControlBase):
    """How often a part of a module failed on one day; ``request_id`` finds the last time in the log."""

    __tablename__ = "plugin_fault"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    plugin: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    faults: Mapped[int] = mapped_column(Integer())
    last_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(Text())
    request_id: Mapped[str]


async def add(session: AsyncSession, noted: Mapping[Fault, Faulted]) -> None:
    """Add to what stands there."""
    rows = [{**fault._asdict(), **asdict(faulted)} for fault, faulted in sorted(noted.items(), key=_key)]
    statement = insert(PluginFault)
    later = {name: statement.excluded[name] for name in ("last_at", "error", "request_id")}
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "plugin", "place", "day"],
            set_={"faults": PluginFault.faults + statement.excluded.faults, **later},
        ),
        rows,
    )


async def trim(session: AsyncSession, before: date) -> None:
    """Remove what is older."""
    await session.execute(delete(PluginFault).where(PluginFault.day < before))


def _key(item: tuple[Fault, Faulted]) -> Fault:
    return item[0]
