"""Handing over what a member owned: found, counted, moved once, reported, given back."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from core.access.models import Member, Role
from core.activities.models import Activity
from core.activities.tasks.models import Task
from core.customers.models import Customer
from core.kernel.errors import Conflict, Forbidden
from core.members import queries, service, service_moving
from core.members.models import HandOver
from core.records.models import SavedView
from core.webhooks.models import Endpoint
from tenants.api_keys.models import ApiKey
from tests.fixtures.people import Person

Drain = Callable[[], Awaitable[None]]


async def make(person: Person, path: str, **values: Any) -> str:
    answer = await person.api.post(f"/{path}", json=values)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def stock(bo: Person) -> dict[str, str]:
    """Let Bo own one of everything that changes hands, and two things that do not."""
    customer = await make(bo, "customers", name="Halfway Hats")
    return {
        "customer": customer,
        "contact": await make(bo, "contacts", name="Hattie", customer_id=customer),
        "lead": await make(bo, "leads", name="Lena", company="Lena Lamps"),
        "task": await make(bo, "tasks", title="Call back"),
        "view": await make(bo, "views", record_type="customer", name="Mine", query=""),
        "activity": await make(bo, "activities", kind="note", subject="Met", customer_id=customer),
    }


async def owner_of(person: Person, model: Any, record_id: str) -> UUID | None:
    async with person.ctx() as ctx:
        found: UUID | None = await ctx.session.scalar(
            select(model.owner_id).where(model.id == UUID(record_id)).execution_options(include_deleted=True)
        )
        return found


async def handed(ann: Person, bo: Person, **values: Any) -> dict[str, Any]:
    answer = await ann.api.post(f"/members/{bo.member_id}/hand_over", json=values)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def report(ann: Person, hand: dict[str, Any]) -> dict[str, Any]:
    return dict((await ann.api.get(f"/hand_overs/{hand['id']}")).json())


async def test_everything_goes_to_the_successor_but_what_is_done(ann, bo, mia, drain: Drain) -> None:
    mine = await stock(bo)
    done = await make(bo, "tasks", title="Was done")
    assert (await bo.api.post(f"/tasks/{done}/complete")).status_code in {200, 204}
    binned = await make(bo, "customers", name="Binned")
    assert (await ann.api.delete(f"/customers/{binned}")).status_code == 204
    counted = {one["key"]: one["count"] for one in (await holdings(ann, bo))}
    assert counted == {"customer": 1, "contact": 1, "lead": 1, "task": 1, "saved_view": 1}
    hand = await handed(ann, bo, to_id=str(mia.member_id))
    await drain()
    told = await report(ann, hand)
    assert told["moved"] == counted
    assert told["failed"] == {}
    assert told["finished_at"] is not None
    for model, key in ((Customer, "customer"), (Task, "task"), (SavedView, "view")):
        assert await owner_of(ann, model, mine[key]) == mia.member_id
    assert await owner_of(ann, Customer, binned) == mia.member_id
    assert await owner_of(ann, Activity, mine["activity"]) == bo.member_id
    assert await owner_of(ann, Task, done) == bo.member_id
    assert await holdings(ann, bo) == []
    changes = (await ann.api.get("/changes?limit=200")).json()["data"]
    assert [one["name"] for one in changes].count("member.handed_over") == 1


async def holdings(ann: Person, bo: Person) -> list[dict[str, Any]]:
    return list((await ann.api.get(f"/members/{bo.member_id}/holdings")).json()["data"])


async def test_without_a_successor_records_have_no_owner_and_views_stay(ann, bo, drain: Drain) -> None:
    mine = await stock(bo)
    await handed(ann, bo)
    await drain()
    assert await owner_of(ann, Customer, mine["customer"]) is None
    assert await owner_of(ann, SavedView, mine["view"]) == bo.member_id


async def test_many_records_move_in_steps(ann, bo, mia, drain: Drain, monkeypatch) -> None:
    monkeypatch.setattr(service_moving, "STEP", 3)
    for number in range(7):
        await make(bo, "customers", name=f"Shop {number}")
    hand = await handed(ann, bo, to_id=str(mia.member_id))
    await drain()
    assert (await report(ann, hand))["moved"] == {"customer": 7}
    job = (await ann.api.get(f"/jobs/{hand['job_id']}")).json()
    assert (job["state"], job["done"], job["total"]) == ("done", 7, 7)


async def test_what_a_verb_refuses_is_counted_and_the_rest_moves(
    ann, bo, mia, drain: Drain, monkeypatch, registry
) -> None:
    await stock(bo)
    stubborn = await make(bo, "customers", name="Stubborn")
    verbs = registry.records["customer"].verbs

    async def update(ctx: Any, record: Any, patch: Any) -> Any:
        if str(record.id) == stubborn:
            raise Conflict
        return await verbs.update(ctx, record, patch)

    holding = queries.holdings

    async def holdings_with_a_stubborn_one(ctx: Any) -> Any:
        return [swap(kind, update) for kind in await holding(ctx)]

    monkeypatch.setattr(service_moving, "holdings", holdings_with_a_stubborn_one)
    hand = await handed(ann, bo, to_id=str(mia.member_id))
    await drain()
    told = await report(ann, hand)
    assert (told["moved"]["customer"], told["failed"]) == (1, {"customer": 1})
    assert await owner_of(ann, Customer, stubborn) == bo.member_id


def swap(kind: Any, update: Any) -> Any:
    from dataclasses import replace

    from msgspec.structs import replace as changed

    if kind.key != "customer":
        return kind
    return replace(kind, type=changed(kind.type, verbs=changed(kind.type.verbs, update=update)))


async def test_a_module_that_is_off_is_handed_over_by_its_table(ann, bo, mia, drain, monkeypatch) -> None:
    mine = await stock(bo)
    monkeypatch.setattr(queries, "_field", lambda *_: "")
    hand = await handed(ann, bo, to_id=str(mia.member_id))
    await drain()
    assert (await report(ann, hand))["moved"]["customer"] == 1
    assert await owner_of(ann, Customer, mine["customer"]) == mia.member_id


async def test_undo_gives_back_what_the_successor_still_owns(ann, bo, mia, drain: Drain) -> None:
    mine = await stock(bo)
    hand = await handed(ann, bo, to_id=str(mia.member_id))
    running = await ann.api.post(f"/hand_overs/{hand['id']}/undo")
    assert (running.status_code, running.json()["code"]) == (409, "hand_over.running")
    await drain()
    passed_on = {"owner_id": str(ann.member_id)}
    assert (await ann.api.patch(f"/leads/{mine['lead']}", json=passed_on)).status_code == 200
    own = await make(mia, "customers", name="Mia's own")
    back = await ann.api.post(f"/hand_overs/{hand['id']}/undo")
    assert back.status_code == 202, back.text
    await drain()
    assert (await report(ann, back.json()))["moved"] == {
        "customer": 1,
        "contact": 1,
        "task": 1,
        "saved_view": 1,
    }
    assert await owner_of(ann, Customer, mine["customer"]) == bo.member_id
    assert await owner_of(ann, Customer, own) == mia.member_id
    for again in (hand, back.json()):
        assert (await ann.api.post(f"/hand_overs/{again['id']}/undo")).status_code == 409


async def test_undo_is_refused_late_and_for_somebody_who_is_gone(ann, bo, mia, drain: Drain) -> None:
    await stock(bo)
    hand = await handed(ann, bo, to_id=str(mia.member_id), deactivate=True)
    await drain()
    gone = await ann.api.post(f"/hand_overs/{hand['id']}/undo")
    assert (gone.status_code, gone.json()["code"]) == (409, "member.inactive")
    async with ann.acting() as ctx:
        row = await ctx.session.get_one(HandOver, UUID(hand["id"]))
        row.finished_at -= service.UNDO_WITHIN + timedelta(minutes=1)
    late = await ann.api.post(f"/hand_overs/{hand['id']}/undo")
    assert (late.status_code, late.json()["code"]) == (409, "hand_over.too_late")


async def test_deactivation_and_hand_over_are_one_transaction(ann, bo, mia, drain: Drain) -> None:
    await stock(bo)
    wrong = await ann.api.post(
        f"/members/{bo.member_id}/hand_over",
        json={"to_id": str(uuid4()), "deactivate": True, "keys": "revoke"},
    )
    assert wrong.status_code == 422
    async with ann.ctx() as ctx:
        assert (await ctx.session.get_one(Member, bo.member_id)).active
    await handed(ann, bo, to_id=str(mia.member_id), deactivate=True)
    assert (await bo.api.get("/customers")).status_code == 404
    await drain()
    assert await holdings(ann, bo) == []


@pytest.mark.parametrize("who", ["bo", "mia", "rea"])
async def test_it_takes_the_right_to_manage_members(who, enter) -> None:
    person = await enter(who)
    path = f"/members/{person.member_id}"
    assert (await person.api.get(f"{path}/holdings")).status_code == 403
    assert (await person.api.post(f"{path}/hand_over", json={})).status_code == 403


async def test_successors_and_owners_are_checked(ann, bo, zed) -> None:
    path = f"/members/{bo.member_id}/hand_over"
    wrong = await ann.api.post(path, json={"to_id": str(bo.member_id), "keys": "transfer"})
    assert [error["path"] for error in wrong.json()["errors"]] == ["to_id"]
    both = await ann.api.post(path, json={"to_id": None, "keys": "transfer"})
    assert [error["path"] for error in both.json()["errors"]] == ["keys"]
    foreign = await ann.api.post(path, json={"to_id": str(zed.member_id)})
    assert foreign.status_code == 422
    assert (await zed.api.post(path, json={})).status_code == 404
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, bo.member_id)).role = "admin"
    bo.runtime.forget_actors(bo.tenant.id)
    from_the_owner = await bo.api.post(f"/members/{ann.member_id}/hand_over", json={})
    assert from_the_owner.status_code == 403


async def test_a_key_does_not_decide_about_keys(ann, bo, mia) -> None:
    data = {"to_id": str(mia.member_id), "keys": "transfer"}
    assert (await ann.api.post(f"/members/{bo.member_id}/hand_over", json=data)).status_code == 403


async def test_no_key_gets_rights_that_its_giver_does_not_have(ann, mia) -> None:
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, mia.member_id)).role = "admin"
    mia.runtime.forget_actors(mia.tenant.id)
    async with mia.acting() as ctx:
        member = await ctx.session.get_one(Member, mia.member_id)
        wanted = service.HandOverIn(to_id=ann.member_id, keys="transfer", deactivate=False)
        with pytest.raises(Forbidden):
            await service.begin(ctx, member, wanted)
        ctx.roll_back()


@pytest.mark.parametrize("keys", ["keep", "revoke", "transfer"])
async def test_the_leavers_keys_follow_the_decision(ann, bo, mia, drain: Drain, keys: Any) -> None:
    async with ann.runtime.control() as control:
        key_id = await control.session.scalar(select(ApiKey.id).where(ApiKey.member_id == bo.member_id))
    async with ann.acting() as ctx:
        member = await ctx.session.get_one(Member, bo.member_id)
        await service.begin(ctx, member, service.HandOverIn(to_id=mia.member_id, keys=keys))
    await drain()
    async with ann.runtime.control() as control:
        key = await control.session.get_one(ApiKey, key_id)
    assert (key.revoked_at is not None) == (keys == "revoke")
    assert key.member_id == (mia.member_id if keys == "transfer" else bo.member_id)


async def webhook_of(ann: Person, member: Person, **values: Any) -> UUID:
    """A webhook that a member answers for."""
    answer = await ann.api.post("/webhooks", json={"url": "https://example.com/hook", **values})
    assert answer.status_code == 201, answer.text
    async with ann.acting() as ctx:
        endpoint = await ctx.session.get_one(Endpoint, UUID(answer.json()["id"]))
        endpoint.member_id = member.member_id
    return UUID(answer.json()["id"])


async def answers_for(ann: Person, webhook_id: UUID) -> tuple[UUID, str]:
    async with ann.ctx() as ctx:
        endpoint = await ctx.session.get_one(Endpoint, webhook_id)
        return endpoint.member_id, endpoint.state


async def test_a_successor_answers_for_webhooks_at_once(ann, bo, mia, drain: Drain) -> None:
    webhook = await webhook_of(ann, bo)
    assert {one["key"]: one["count"] for one in await holdings(ann, bo)} == {"webhook_endpoint": 1}
    hand = await handed(ann, bo, to_id=str(mia.member_id), deactivate=True)
    assert await answers_for(ann, webhook) == (mia.member_id, "active"), "with the door closed in one act"
    await make(ann, "customers", name="In between")
    await drain()
    assert await answers_for(ann, webhook) == (mia.member_id, "active")
    assert (await report(ann, hand))["moved"] == {"webhook_endpoint": 1}
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Member, bo.member_id)).active = True
    back = await ann.api.post(f"/hand_overs/{hand['id']}/undo")
    assert back.status_code == 202, back.text
    await drain()
    assert (await answers_for(ann, webhook))[0] == bo.member_id
    assert (await report(ann, back.json()))["moved"] == {"webhook_endpoint": 1}


async def test_nobody_answers_for_webhooks_without_a_successor(ann, bo, drain: Drain) -> None:
    webhook = await webhook_of(ann, bo)
    hand = await handed(ann, bo, deactivate=True)
    await drain()
    assert (await answers_for(ann, webhook))[0] == bo.member_id
    told = await report(ann, hand)
    assert (told["moved"], told["failed"]) == ({}, {})


async def test_no_webhook_tells_what_who_hands_over_may_not_let_be_seen(ann, bo, mia, drain: Drain) -> None:
    webhook = await webhook_of(ann, bo)
    await make(bo, "customers", name="His")
    async with ann.acting() as ctx:
        ctx.session.add(Role(key="people", name="People", grants={"members.manage": "all"}))
        (await ctx.session.get_one(Member, mia.member_id)).role = "people"
    ann.runtime.forget_actors(ann.tenant.id)
    hand = await handed(mia, bo, to_id=str(ann.member_id))
    await drain()
    assert (await answers_for(ann, webhook))[0] == bo.member_id
    told = await report(ann, hand)
    assert (told["moved"], told["failed"]) == ({"customer": 1}, {"webhook_endpoint": 1})


async def test_no_webhook_tells_what_a_role_above_may_see(ann, bo, mia, rea, drain: Drain) -> None:
    webhook = await webhook_of(ann, bo)
    async with ann.acting() as ctx:
        ctx.session.add(Role(key="people", name="People", grants={"members.manage": "all"}))
        (await ctx.session.get_one(Member, rea.member_id)).role = "people"
    ann.runtime.forget_actors(ann.tenant.id)
    await handed(rea, bo, to_id=str(mia.member_id))
    await drain()
    assert (await answers_for(ann, webhook))[0] == bo.member_id


async def test_the_webhook_of_something_else_follows_that(ann, bo, mia, drain: Drain) -> None:
    webhook = await webhook_of(ann, bo)
    async with ann.acting() as ctx:
        (await ctx.session.get_one(Endpoint, webhook)).kept_at = "/remote-apps/1"
    assert await holdings(ann, bo) == []
    await handed(ann, bo, to_id=str(mia.member_id))
    await drain()
    assert (await answers_for(ann, webhook))[0] == bo.member_id
