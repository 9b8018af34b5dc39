"""Tasks: their verbs, who is booked, and reminders."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from core.activities.notifications.models import Notification
from core.activities.tasks import service
from core.activities.tasks.schema import TaskIn, TaskPatch
from core.kernel.errors import Invalid


def at(hour, minute=0):
    return datetime(2030, 3, 1, hour, minute, tzinfo=UTC)


async def test_an_appointment_takes_an_hour_and_is_due_on_its_day(ctx):
    task = await service.create(ctx, TaskIn(title="Visit", starts_at=at(9)))
    assert task.ends_at == at(10)
    assert task.due_on == at(9).astimezone(ctx.zone).date()
    assert task.owner_id == ctx.actor.member_id


async def test_an_overlapping_appointment_is_asked_about(ctx):
    await service.create(ctx, TaskIn(title="Visit", starts_at=at(9)))
    with pytest.raises(Invalid) as refused:
        await service.create(ctx, TaskIn(title="Lunch", starts_at=at(9, 30)))
    (error,) = refused.value.errors
    assert (error.path, error.params["title"]) == ("allow_overlap", "Visit")
    await service.create(ctx, TaskIn(title="Lunch", starts_at=at(9, 30), allow_overlap=True))
    await service.create(ctx, TaskIn(title="Right after", starts_at=at(11)))


async def test_moving_into_another_appointment_is_asked_about(ctx):
    await service.create(ctx, TaskIn(title="Visit", starts_at=at(9)))
    task = await service.create(ctx, TaskIn(title="Lunch", starts_at=at(12)))
    await service.update(ctx, task, TaskPatch(title="Long lunch"))
    with pytest.raises(Invalid):
        await service.update(ctx, task, TaskPatch(starts_at=at(9, 30)))
    await service.update(ctx, task, TaskPatch(starts_at=at(9, 30), allow_overlap=True))


async def test_a_colleagues_appointment_keeps_its_title(ctx, cast):
    bo = cast.people["bo"].member_id
    await service.create(ctx, TaskIn(title="Secret", starts_at=at(9), owner_id=bo))
    with pytest.raises(Invalid) as refused:
        await service.create(ctx, TaskIn(title="Visit", starts_at=at(9), owner_id=bo))
    assert "title" not in refused.value.errors[0].params


async def test_it_ends_after_it_begins(ctx):
    with pytest.raises(Invalid) as refused:
        await service.create(ctx, TaskIn(title="Visit", starts_at=at(9), ends_at=at(8)))
    assert refused.value.errors[0].path == "ends_at"
    with pytest.raises(Invalid) as refused:
        await service.create(ctx, TaskIn(title="Visit", ends_at=at(8)))
    assert refused.value.errors[0].path == "starts_at"


async def test_putting_off_moves_the_appointment_too(ctx):
    task = await service.create(ctx, TaskIn(title="Visit", starts_at=at(9), remind_at=at(8)))
    await service.snooze(ctx, task, task.due_on + timedelta(days=2))
    assert (task.starts_at, task.remind_at) == (at(9) + timedelta(days=2), at(8) + timedelta(days=2))


async def test_an_appointment_that_is_put_off_keeps_its_hour_when_summer_time_begins(ctx):
    ctx.timezone = "Europe/Berlin"
    starts = datetime(2030, 3, 29, 10, tzinfo=ctx.zone)
    task = await service.create(ctx, TaskIn(title="Visit", starts_at=starts))
    await service.snooze(ctx, task, task.due_on + timedelta(days=7))
    assert task.starts_at == datetime(2030, 4, 5, 10, tzinfo=ctx.zone)
    assert task.ends_at == datetime(2030, 4, 5, 11, tzinfo=ctx.zone)


async def test_done_and_to_do_again(ctx):
    task = await service.create(ctx, TaskIn(title="Send samples"))
    await service.complete(ctx, task)
    await service.complete(ctx, task)
    assert task.done_at is not None
    await service.reopen(ctx, task)
    assert task.done_at is None
    assert [event.name for event in ctx._events] == ["task.created", "task.completed", "task.reopened"]


async def test_whoever_is_given_a_task_is_told(ctx, cast):
    bo = cast.people["bo"].member_id
    await service.create(ctx, TaskIn(title="Send samples", owner_id=bo))
    task = await service.create(ctx, TaskIn(title="Mine"))
    await service.update(ctx, task, TaskPatch(owner_id=bo))
    told = (await ctx.session.scalars(select(Notification).order_by(Notification.created_at))).all()
    assert [(one.member_id, one.params["title"]) for one in told] == [(bo, "Send samples"), (bo, "Mine")]


async def test_a_reminder_is_given_once(ctx):
    past = ctx.now() - timedelta(minutes=1)
    await service.create(ctx, TaskIn(title="Call back", remind_at=past))
    done = await service.create(ctx, TaskIn(title="Done", remind_at=past))
    await service.complete(ctx, done)
    assert await service.remind(ctx) == 1
    assert await service.remind(ctx) == 0
    (told,) = (await ctx.session.scalars(select(Notification))).all()
    assert (told.kind, told.params) == ("reminded", {"title": "Call back"})


async def test_the_worker_reminds(ann, drain):
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    created = await ann.api.post("/tasks", json={"title": "Call back", "remind_at": past})
    assert created.status_code == 201, created.text
    await drain()
    async with ann.ctx() as ctx:
        (told,) = (await ctx.session.scalars(select(Notification))).all()
    assert told.params == {"title": "Call back"}


async def test_the_api_completes_puts_off_and_reopens(ann, bo):
    task = (await ann.api.post("/tasks", json={"title": "Send samples", "due_on": "2030-03-01"})).json()
    done = await ann.api.post(f"/tasks/{task['id']}/complete")
    assert done.json()["done_at"] is not None
    assert (await ann.api.post(f"/tasks/{task['id']}/reopen")).json()["done_at"] is None
    moved = await ann.api.post(f"/tasks/{task['id']}/snooze", json={"until": "2030-03-05"})
    assert moved.json()["due_on"] == "2030-03-05"
    assert (await bo.api.post(f"/tasks/{task['id']}/complete")).status_code == 404


async def test_chosen_tasks_are_done_at_once(ann):
    ids = [(await ann.api.post("/tasks", json={"title": f"call {n}"})).json()["id"] for n in range(2)]
    answer = await ann.post("/tasks/bulk/complete", {"ids": ids})
    assert answer.status_code in {200, 303}, answer.text
    for id_ in ids:
        assert (await ann.api.get(f"/tasks/{id_}")).json()["done_at"] is not None
