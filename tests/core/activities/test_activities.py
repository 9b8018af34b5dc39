"""Logging: what it tells customers and colleagues, and the composer."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.access.models import Member
from core.activities import service
from core.activities.notifications.models import Notification
from core.activities.schema import ActivityIn, ActivityPatch
from core.contacts import service as contacts
from core.contacts.schema import ContactIn
from core.customers import service as customers
from core.customers.schema import CustomerIn
from core.kernel.errors import Invalid


async def customer(person, name="恒通贸易"):
    created = await person.api.post("/customers", json={"name": name})
    assert created.status_code == 201, created.text
    return created.json()["id"]


async def test_a_call_tells_the_customer_when_it_was_contacted_last_and_next(ctx):
    one = await customers.create(ctx, CustomerIn(name="恒通贸易"))
    tomorrow = ctx.today() + timedelta(days=1)
    await service.log(ctx, ActivityIn(kind="call", customer_id=one.id, next_follow_up_on=tomorrow))
    await ctx.session.refresh(one)
    assert one.last_contacted_at is not None
    assert one.next_follow_up_on == tomorrow
    assert one.version == 1


async def test_a_note_is_no_contact(ctx):
    one = await customers.create(ctx, CustomerIn(name="恒通贸易"))
    await service.log(ctx, ActivityIn(kind="note", body="Prefers tea", customer_id=one.id))
    await ctx.session.refresh(one)
    assert one.last_contacted_at is None


async def test_an_activity_with_a_contact_is_one_with_its_customer(ctx):
    one = await customers.create(ctx, CustomerIn(name="恒通贸易"))
    person = await contacts.create(ctx, ContactIn(name="张伟", customer_id=one.id))
    tomorrow = ctx.today() + timedelta(days=1)
    activity = await service.log(
        ctx, ActivityIn(kind="visit", contact_id=person.id, next_follow_up_on=tomorrow)
    )
    await ctx.session.refresh(one)
    await ctx.session.refresh(person)
    assert activity.customer_id == one.id
    assert one.last_contacted_at == person.last_contacted_at == activity.occurred_at
    assert person.next_follow_up_on == tomorrow
    assert one.next_follow_up_on is None


async def test_a_call_without_words_is_called_a_call(ctx):
    activity = await service.log(ctx, ActivityIn(kind="call"))
    assert activity.subject == "Call"


async def test_all_that_is_wrong_is_said_at_once(ctx):
    with pytest.raises(Invalid) as refused:
        await service.log(ctx, ActivityIn(occurred_at=ctx.now() + timedelta(days=1), owner_id=ctx.tenant.id))
    assert {error.path for error in refused.value.errors} == {"occurred_at", "owner_id", "body"}


async def test_a_correction_names_what_changed(ctx):
    activity = await service.log(ctx, ActivityIn(kind="call", body="Hello"))
    await service.update(ctx, activity, ActivityPatch(outcome="reached"))
    assert ctx._events[-1].changes == {"outcome": (None, "reached")}


async def test_a_mentioned_colleague_is_notified(ctx, cast):
    bo = cast.people["bo"]
    await service.log(ctx, ActivityIn(body="@Bo please send the price list"))
    told = (
        await ctx.session.scalars(select(Notification).where(Notification.member_id == bo.member_id))
    ).all()
    assert [(one.kind, one.params["actor"]) for one in told] == [("mentioned", "Ann")]


async def test_nobody_is_notified_of_himself(ctx):
    name = await ctx.session.scalar(select(Member.name).where(Member.id == ctx.actor.member_id))
    activity = await service.log(ctx, ActivityIn(body=f"@{name} remember"))
    assert activity.mentions == [str(ctx.actor.member_id)]
    assert (await ctx.session.scalars(select(Notification))).all() == []


async def test_others_customers_cannot_be_logged_on(ann, bo):
    customer_id = await customer(ann)
    refused = await bo.api.post("/activities", json={"kind": "call", "customer_id": customer_id})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "customer_id"


async def test_the_composer_logs_and_answers_the_new_entry(ann):
    customer_id = await customer(ann)
    sent = {"kind": "call", "text": "Wants a sample", "outcome.call": "interested", "follow_up": "3"}
    answer = await ann.post(
        f"/activities/log/customer/{customer_id}",
        sent,
        headers={"HX-Request": "true", "HX-Request-Type": "partial"},
    )
    assert answer.status_code == 200, answer.text
    assert "Wants a sample" in answer.text
    assert "Interested" in answer.text
    assert "<html" not in answer.text
    listed = (await ann.api.get("/activities", params={"customer_id": customer_id})).json()["data"]
    assert [(one["kind"], one["outcome"]) for one in listed] == [("call", "interested")]
    shown = (await ann.api.get(f"/customers/{customer_id}")).json()
    assert shown["next_follow_up_on"] is not None


async def test_the_composer_works_without_scripts(ann):
    customer_id = await customer(ann)
    answer = await ann.post(
        f"/activities/log/customer/{customer_id}", {"kind": "call", "text": "", "follow_up": ""}
    )
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"/customers/{customer_id}")


async def test_an_empty_note_comes_back_with_the_composer(ann):
    customer_id = await customer(ann)
    answer = await ann.post(f"/activities/log/customer/{customer_id}", {"kind": "note", "text": ""})
    assert answer.status_code == 422
    assert "Write what should be remembered." in answer.text
    assert (await ann.api.get("/activities")).json()["data"] == []


async def test_an_entry_is_removed_and_put_back(ann):
    customer_id = await customer(ann)
    created = await ann.api.post("/activities", json={"kind": "call", "customer_id": customer_id})
    activity = created.json()["id"]
    removed = await ann.post(f"/activities/{activity}/remove/customer/{customer_id}")
    assert removed.status_code == 200
    assert (await ann.api.get("/activities")).json()["data"] == []
    undone = await ann.post(f"/activities/{activity}/put-back/customer/{customer_id}")
    assert undone.status_code == 303
    assert len((await ann.api.get("/activities")).json()["data"]) == 1


async def test_its_own_page_shows_it(ann):
    created = await ann.api.post("/activities", json={"kind": "note", "body": "Prefers tea\nand no sugar"})
    shown = await ann.page.get(ann.w(f"/activities/{created.json()['id']}"))
    assert shown.status_code == 200
    assert "and no sugar" in shown.text
