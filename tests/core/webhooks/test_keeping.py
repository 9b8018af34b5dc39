"""How long the log of webhooks is kept, what the doctor says of messages that lie about, how long a turn is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, select, update

from core.kernel.ids import uuid7
from core.runtime import Runtime
from core.webhooks.checks import delivery_problems
from core.webhooks.jobs import EXPIRE, Nothing
from core.webhooks.models import Attempt, Delivery, Endpoint
from core.worker import worker
from tests.core.webhooks.acting import customer, log, tell
from tests.core.webhooks.conftest import Days, Drain, Make
from tests.core.webhooks.receiver import Receiver
from tests.core.webhooks.test_side_by_side import customers
from tests.fixtures.people import Person


async def change(person: Person, model: Any, **values: Any) -> None:
    async with person.acting() as ctx:
        await ctx.session.execute(update(model).values(**values))


async def expire(person: Person, drain: Drain) -> None:
    async with person.acting() as ctx:
        ctx.enqueue(EXPIRE, Nothing())
    await drain()


@pytest.mark.parametrize("days", [30, 90])
async def test_the_log_reaches_back_as_far_as_the_operator_says(
    days: int, ann: Person, hook: Make, drain: Drain, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "settings", replace(runtime.settings, webhook_log_days=days))
    made = await hook(ann, events=["customer.created"])
    await customer(ann)
    await drain()
    await tell(ann, made, "pause")
    await customer(ann)
    await drain()
    assert [one["state"] for one in await log(ann, made)] == ["held", "delivered"]
    async with ann.ctx() as ctx:
        now = ctx.now()
    await change(ann, Delivery, created_at=now - timedelta(days=days) + timedelta(hours=1))
    await expire(ann, drain)
    assert len(await log(ann, made)) == 2
    await change(ann, Delivery, created_at=now - timedelta(days=days, hours=1))
    await expire(ann, drain)
    assert await log(ann, made) == []
    async with ann.ctx() as ctx:
        assert await ctx.session.scalar(select(func.count()).select_from(Attempt)) == 0
    page = await ann.page.get(f"/w/{ann.tenant.slug}/settings/webhooks/{made['id']}")
    assert f"Log of {days} days" in page.text


async def test_days_are_sent_again_from_the_first_to_the_last(
    ann: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    made = await hook(ann, events=["customer.created"])
    for name in ("First", "Second", "Third"):
        await customer(ann, name)
    await drain()
    async with ann.ctx() as ctx:
        today, zone = ctx.today(), ctx.zone
    days = [today - timedelta(days=back) for back in (3, 2, 1)]
    moments = [time.max, time.max, time.min]
    async with ann.acting() as ctx:
        for one, day, moment in zip(reversed(await log(ann, made)), days, moments, strict=True):
            at = datetime.combine(day, moment, tzinfo=zone)
            row = update(Delivery).where(Delivery.id == UUID(one["id"]))
            await ctx.session.execute(row.values(created_at=at))

    async def again(**sent: object) -> tuple[int, list[str]]:
        receiver.got.clear()
        form = {"which": "all", **{name: str(value) for name, value in sent.items()}}
        answer = await ann.post(f"/settings/webhooks/{made['id']}/resend", form)
        await drain()
        return answer.status_code, sorted(one.json["data"]["label"] for one in receiver.got)

    assert await again(since=days[1], until=days[1]) == (303, ["Second"])
    assert await again(since=days[1], until="") == (303, ["Second", "Third"])
    assert await again(since=days[0], until=days[1]) == (303, ["First", "Second"])
    assert await again(since="0002-01-01", until="9998-12-31") == (303, ["First", "Second", "Third"])
    assert await again(since=days[1], until=days[0]) == (422, [])
    assert await again(since="", until="yesterday") == (422, [])
    page = (await ann.page.get(ann.w(f"/settings/webhooks/{made['id']}"))).text
    assert "Made until" in page


async def test_the_log_shows_each_try_as_it_was_sent(
    ann: Person, receiver: Receiver, hook: Make, drain: Drain
) -> None:
    made = await hook(ann, events=["customer.created"])
    await customer(ann)
    await drain()
    [delivery] = await log(ann, made)
    elsewhere = receiver.url("elsewhere")
    assert (await ann.api.patch(f"/webhooks/{made['id']}", json={"url": elsewhere})).status_code == 200
    path = f"/settings/webhooks/deliveries/{delivery['id']}"
    page = (await ann.page.get(ann.w(path))).text
    [got] = receiver.got
    assert f"POST {made['url']}\n" in page
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert f"{name}: {got.headers[name]}" in unescape(page)
    assert f"POST {elsewhere}" not in page
    await ann.api.post(f"/deliveries/{delivery['id']}/resend")
    await drain()
    tried = (await ann.api.get(f"/deliveries/{delivery['id']}")).json()["attempts"]
    assert [one["url"] for one in tried] == [elsewhere, made["url"]]


async def test_messages_that_nobody_is_going_to_send_are_named(
    ann: Person, zed: Person, receiver: Receiver, hook: Make, days: Days, runtime: Runtime
) -> None:
    async def problems() -> list[str]:
        # Other tests leave workspaces with messages that wait for a clock of their own.
        own = tuple(f"messages of workspace {person.tenant.slug} " for person in (ann, zed))
        return [one for one in await delivery_problems(runtime) if one.startswith(own)]

    await hook(zed, events=["customer.created"])
    made = await hook(ann, "broken", events=["customer.created"])
    await customer(ann)
    await days.wait()
    assert await problems() == [], "it waits for its next try"
    days.clock.advance(2 * 3600)
    assert await problems() == [], "a job is queued; that it waits is the queue's to say"
    with psycopg.connect(runtime.databases.settings.admin_dsn()) as admin:
        admin.execute("DELETE FROM cell.job")
    [problem] = await problems()
    assert problem.startswith(
        f"messages of workspace {ann.tenant.slug} to {receiver.url('broken')} were due since"
    )
    for kept in (
        {"sender_id": uuid7(), "sender_until": days.now() + timedelta(minutes=1)},
        {"sender_until": None, "rest_until": days.now()},
        {"rest_until": None, "state": "paused"},
    ):
        await change(ann, Endpoint, **kept)
        assert await problems() == []
    await change(ann, Endpoint, state="active", sender_until=days.now() - timedelta(minutes=1))
    assert await problems() == [problem]
    receiver.turns["broken"] = ["ok"]
    [delivery] = await log(ann, made)
    assert (await ann.api.post(f"/deliveries/{delivery['id']}/resend")).status_code < 300
    await days.wait()
    assert await problems() == []
    assert [one["state"] for one in await log(ann, made)] == ["delivered"]


async def test_a_turn_ends_in_time_and_the_next_one_goes_on(
    ann: Person, receiver: Receiver, hook: Make, drain: Drain, runtime: Runtime, monkeypatch: Any
) -> None:
    monkeypatch.setattr("core.webhooks.sending.TURN_S", 0.2)
    made = await hook(ann, events=["customer.created"])
    receiver.pause_s = 0.5
    await customers(ann, 20)
    [cell] = worker(runtime).cells
    while not receiver.got:
        await cell.relay_once()
        await cell.work_once()
    assert 4 <= len(receiver.got) < 20
    async with ann.ctx() as ctx:
        endpoint = await ctx.session.get_one(Endpoint, UUID(made["id"]))
        assert endpoint.sender_id is None, "others may have the slot first"
    receiver.pause_s = 0
    while await cell.work_once():
        pass
    await drain()
    assert {one["state"] for one in await log(ann, made)} == {"delivered"}
    assert len(receiver.got) == 20
