"""The change feed under 16 writers whose transactions commit in another order than they began."""

import asyncio
import os
import random
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import select

from core.kernel import events
from core.kernel.events.models import EventRow
from core.kernel.ids import uuid7
from core.kernel.outbox import Relay
from core.runtime import Runtime
from core.tenancy.directory import Tenant
from tests.core.kernel.scene import NoteAdded, always_on
from tests.faults.conftest import Say
from tests.fixtures.restore import Restore

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

WRITERS = 16
EACH = 600 if int(os.environ.get("GUANXI_FAULT_KILLS", "20")) >= 200 else 60


async def write(runtime: Runtime, tenant: Tenant, rng: random.Random) -> list[UUID]:
    """Emit one event per transaction and hold most transactions open for a while."""
    written = []
    for _ in range(EACH):
        async with runtime.open(tenant) as ctx:
            event = NoteAdded(subject_id=uuid7(), text="n")
            ids = await events.write(
                ctx.session, tenant=tenant, actor=ctx.actor, events=[event], now=ctx.now()
            )
            await asyncio.sleep(rng.choice((0, 0, 0.005, 0.03)))
        written += ids
    return written


async def follow(runtime: Runtime, tenant: Tenant, done: asyncio.Event) -> list[events.Stored]:
    """Read the feed as a client does: from the last position on."""
    seen: list[events.Stored] = []
    while True:
        was_done = done.is_set()
        async with runtime.open(tenant, readonly=True) as ctx:
            page = await events.changes(ctx.session, seen[-1].position or 0 if seen else 0, limit=50)
        seen += page
        if was_done and not page:
            return seen
        await asyncio.sleep(0.002)


async def follow_ids(runtime: Runtime, tenant: Tenant, done: asyncio.Event) -> list[UUID]:
    """The negative control: page by id, which follows the order of creation."""
    seen: list[UUID] = []
    while True:
        was_done = done.is_set()
        async with runtime.open(tenant, readonly=True) as ctx:
            statement = select(EventRow.id).order_by(EventRow.id).limit(50)
            if seen:
                statement = statement.where(EventRow.id > seen[-1])
            page = list(await ctx.session.scalars(statement))
        seen += page
        if was_done and not page:
            return seen
        await asyncio.sleep(0.002)


async def relaying(runtime: Runtime, done: asyncio.Event) -> None:
    """Place events until all are; two of these run at once."""
    relay = Relay(lambda: runtime.databases.cell("main"), {}, always_on, batch=20)
    while True:
        was_done = done.is_set()
        if not await relay.relay() and was_done:
            return
        await asyncio.sleep(0.001)


async def test_the_feed_misses_nothing_while_commits_overtake_each_other(
    runtime: Runtime, tenant: Tenant, committing: Restore, say: Say
) -> None:
    written_all, placed_all = asyncio.Event(), asyncio.Event()
    readers = [asyncio.create_task(follow(runtime, tenant, placed_all)) for _ in range(2)]
    by_id = asyncio.create_task(follow_ids(runtime, tenant, written_all))
    relays = [asyncio.create_task(relaying(runtime, written_all)) for _ in range(2)]
    rng = random.Random(7)
    writers = [write(runtime, tenant, random.Random(rng.random())) for _ in range(WRITERS)]
    written = [event_id for ids in await asyncio.gather(*writers) for event_id in ids]
    written_all.set()
    await asyncio.gather(*relays)
    placed_all.set()
    for seen in await asyncio.gather(*readers):
        assert [stored.position for stored in seen] == list(range(1, len(written) + 1))
        assert {stored.id for stored in seen} == set(written)
        overtaken = sum(later.id < earlier.id for earlier, later in pairwise(seen))
    missed = len(set(written) - set(await by_id))
    say(
        f"feed: {len(written)} events of {WRITERS} writers, {overtaken} overtaken, none missed;"
        f" paging by id would have missed {missed}"
    )
    assert overtaken
    assert missed
