"""Says which subscribers of all events want those of a tenant: one that does not listen costs nothing.

Owns the rows of ``event_listener``. Emits nothing. Never knows what a subscriber does.
"""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.kernel.events.models import EventListener


async def listen(session: AsyncSession, subscriber: str) -> None:
    """Have a subscriber get every event that is committed after this transaction; harmless to repeat."""
    row = insert(EventListener).values(subscriber=subscriber)
    await session.execute(
        row.on_conflict_do_update(index_elements=["subscriber"], set_={"subscriber": subscriber})
    )


async def hold(session: AsyncSession, subscriber: str) -> None:
    """Keep others from beginning to listen until this transaction ends: ask then whether anybody still needs it."""
    row = select(EventListener).where(EventListener.subscriber == subscriber)
    await session.execute(row.with_for_update())


async def unlisten(session: AsyncSession, subscriber: str) -> None:
    """Give a subscriber no more events."""
    await session.execute(delete(EventListener).where(EventListener.subscriber == subscriber))
